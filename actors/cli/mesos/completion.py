"""Print what completes `mesos` in a shell: source it from the shell's own configuration.

bash  source <(mesos completion bash)
zsh   source <(mesos completion zsh)
fish  mesos completion fish | source
"""

from __future__ import annotations

import argparse
from typing import Final

_BASH: Final = """_mesos() {
    local IFS=$'\\n'
    COMPREPLY=($(mesos complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _mesos mesos
"""
_ZSH: Final = """#compdef mesos
_mesos() {
    local -a found
    found=(${(f)"$(mesos complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _mesos mesos
"""
_FISH: Final = """function __mesos_complete
    set -l words (commandline -opc) (commandline -ct)
    mesos complete -- $words[2..-1] 2>/dev/null
end
complete -c mesos -f -a '(__mesos_complete)'
"""
_SHELLS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which shell."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=tuple(_SHELLS), help="the shell")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    print(_SHELLS[arguments.shell], end="")
    return 0
