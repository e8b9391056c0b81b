"""The print shop: publications become press files, imposed on sheets.

`fold` folds a sheet and reads it: which page lies where. `impose` puts pages onto sheets: booklets, signatures,
cut-and-stack, step-and-repeat.
"""
