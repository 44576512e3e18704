"""The exception tree.

    InfoseekError                 something the user can mend; the message says what, which value, what to do next
    ├── UsageError                the command or its options are wrong                          exit code 2
    ├── ConfigError               a profile or option has a value that can't be used            exit code 2
    ├── DumpError                 the dump is missing, truncated, corrupt or has no articles     exit code 1
    ├── CorpusError               a corpus folder is missing, unfinished or of another version   exit code 1
    ├── IndexError_               an index is missing or was made otherwise than asked for       exit code 1
    ├── RunError                  a run folder is in use, or belongs to another configuration    exit code 1
    ├── ModelError                a language model can't be loaded or reached                   exit code 1
    │   └── Pending               completions are asked for in files, and are not there yet       exit code 75
    ├── MissingExtra              an optional package is not installed                           exit code 1
    └── VerifyError               a stored certificate does not hold                             exit code 1

Anything else that escapes is a bug of ours, and is shown with its traceback.
"""

from __future__ import annotations


class InfoseekError(Exception):
    """Base of all errors that a user can mend; `exit_code` is the process's exit code."""

    exit_code = 1


class UsageError(InfoseekError):
    exit_code = 2


class ConfigError(InfoseekError):
    exit_code = 2


class DumpError(InfoseekError):
    pass


class CorpusError(InfoseekError):
    pass


class IndexError_(InfoseekError):
    pass


class RunError(InfoseekError):
    pass


class OtherRun(RunError):
    """The folder holds a run of another version, configuration or corpus."""


class ModelError(InfoseekError):
    pass


class Pending(ModelError):
    """EX_TEMPFAIL of sysexits.h: run the same command again when the answers are there."""

    exit_code = 75


class MissingExtra(InfoseekError):
    """An optional dependency is missing; the message carries the exact install line."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f"{what} needs the package {package}: pip install 'infoseek-offline[{extra}]'")


class VerifyError(InfoseekError):
    pass
