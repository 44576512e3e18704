"""`python -m infoseek_offline` is the command `infoseek`."""

from infoseek_offline.cli import main

if __name__ == "__main__":
    main(prog_name="infoseek")
