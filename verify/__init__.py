"""Judges documents. Knows the formats and nobody else: no database, no keys, no web, no network."""

from verify.doors import answer
from verify.lists import load_lists
from verify.report import Finding, RegisterView, Report, Verdict
from verify.verifier import Verifier

__all__ = ["Finding", "RegisterView", "Report", "Verdict", "Verifier", "answer", "load_lists"]
