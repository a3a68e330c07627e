"""The Markdown report. Only writes what the tables found."""
import datetime
import os
import subprocess

import machine

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def commit():
    git = lambda *words: subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False).stdout.strip()
    dirty = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return (git("rev-parse", "--short", "HEAD") or "no commit") + dirty


def section(table):
    lines = [f"## {table['title']}", "", table["about"], ""]
    if table.get("error"):
        lines += [f"**Not measured**: {table['error']}", ""]
    if table["rows"]:
        lines += ["| what | ours | peer | value | goal | verdict |", "|---|---|---|---|---|---|"]
        for row in table["rows"]:
            cells = [row[key] for key in ("what", "ours", "theirs", "value", "goal", "verdict")]
            lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
        lines.append("")
        lines += [f"- {row['what']}: {row['note']}" for row in table["rows"] if row.get("note")]
    lines += [f"- Settings: {table['settings']}" if table.get("settings") else "", f"- Took {table['seconds']:.0f} s.", ""]
    return "\n".join(line for line in lines if line is not None)


def write(path, tables, description):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    judged = [row for table in tables for row in table["rows"] if row["met"] is not None]
    met = sum(1 for row in judged if row["met"])
    lines = ["# Benchmarks", "",
             f"Commit {commit()}, {now}, profile `{os.environ['BENCH_PROFILE']}`. {met} of {len(judged)} goals met. "
             f"The tables took {sum(table['seconds'] for table in tables) / 60:.0f} minutes. docs/PERFORMANCE.md says how to read this.", "",
             "| machine | |", "|---|---|", *[f"| {what} | {value} |" for what, value in description], ""]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n" + "\n".join(section(table) for table in tables))
