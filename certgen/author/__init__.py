"""The author's tools: look at a kind of documents, find every fault in it, approve it, begin a new one.

None of them needs a workspace, opens a key or issues anything.
"""

from certgen.author.approval import Approved, approve
from certgen.author.begin import begin
from certgen.author.check import check
from certgen.author.exhibits import Exhibit, exhibits
from certgen.author.studio import MemoryShelf, Studio

__all__ = ["Approved", "Exhibit", "MemoryShelf", "Studio", "approve", "begin", "check", "exhibits"]
