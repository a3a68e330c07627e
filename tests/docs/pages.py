"""Pages of Markdown, read: their headings as anchors, their links, and their blocks of
code with the mark that stands above each. Knows no rule."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r"^<!--\s*(not run|example|file|run):?\s*(.*?)\s*-->$")
LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)")


@dataclass
class Block:
    """A fenced block of code."""

    line: int
    language: str
    mark: str
    words: str
    text: str


@dataclass
class Page:
    """One file."""

    path: Path
    anchors: set = field(default_factory=set)
    # (line, target)
    links: list = field(default_factory=list)
    blocks: list = field(default_factory=list)
    # Everything outside of blocks.
    prose: str = ""


def slug(heading):
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = text.replace("`", "").replace("*", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def read(path, text):
    page, seen, prose = Page(path), {}, []
    mark, words, block = "", "", None
    for number, line in enumerate(text.splitlines(), 1):
        if block is not None:
            if line.strip() == "```":
                page.blocks.append(block)
                block = None
            else:
                block.text += line + "\n"
            continue
        prose.append(line)
        if line.startswith("```"):
            block = Block(number, line[3:].strip(), mark, words, "")
            mark = words = ""
            continue
        found = MARK.match(line.strip())
        if found:
            mark, words = found.groups()
        elif line.strip():
            mark = words = ""
        heading = re.match(r"^#{1,6}\s+(.*?)\s*#*$", line)
        if heading:
            name = slug(heading[1])
            count = seen.get(name, 0)
            seen[name] = count + 1
            page.anchors.add(name if count == 0 else f"{name}-{count}")
        page.anchors.update(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
        bare = re.sub(r"`[^`]*`", "``", line)
        page.links += [(number, target) for target in LINK.findall(bare)]
        reference = REFERENCE.match(bare)
        if reference:
            page.links.append((number, reference[1]))
    if block is not None:
        page.blocks.append(block)
    page.prose = "\n".join(prose)
    return page


def files(*patterns):
    """What git knows, or would take, of these patterns."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    return [name for name in sorted(set(listed)) if (ROOT / name).is_file()]


def all_pages():
    return [read(Path(name), (ROOT / name).read_text()) for name in files("*.md")]
