"""Service guides: items (事项) are data; guide, flowchart, form and notice are views of the same item."""
