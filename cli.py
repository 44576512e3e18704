"""`python cli.py …` from a checkout is the command `infoseek`."""

from infoseek_offline.cli import main

main(prog_name="infoseek")
