/**
 * The scripts that `completion SHELL` prints. They hold no words of their own: they ask `procmanctl __complete` at each Tab, so a
 * script that was installed once fits every later version.
 */

export type ShellName = 'bash' | 'zsh' | 'fish';

const bash = `# Completion of procmanctl and procmand for bash (4.0 or newer).
#   source <(procmanctl completion bash)                                   in this shell
#   procmanctl completion bash > /usr/share/bash-completion/completions/procmanctl    for all; the same for procmand

_procman_complete() {
  local program=$1 ctl=\${COMP_WORDS[0]} line kind reply
  # Only the line up to the cursor counts; without COMP_LINE the words have to do.
  if [[ -n \${COMP_LINE-} ]]; then line=\${COMP_LINE:0:COMP_POINT}; else line=\${COMP_WORDS[*]:0:COMP_CWORD+1}; fi
  COMPREPLY=()
  if [[ $ctl == */* ]]; then ctl=\${ctl%/*}/procmanctl; else ctl=procmanctl; fi
  ctl=\${ctl/#\\~\\//$HOME/}
  while IFS= read -r reply; do
    if [[ -z $kind ]]; then kind=$reply; else COMPREPLY+=("$reply"); fi
  done < <("$ctl" __complete bash "$program" -- "$COMP_WORDBREAKS" "$line" 2>/dev/null)
  if [[ $kind == files ]]; then
    reply=\${2#=}
    reply=\${reply#[\\"\\']}
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$reply")
  fi
}
_procmanctl() { _procman_complete procmanctl "\${COMP_WORDS[COMP_CWORD]}"; }
_procmand() { _procman_complete procmand "\${COMP_WORDS[COMP_CWORD]}"; }
complete -F _procmanctl procmanctl
complete -F _procmand procmand
`;

const zsh = `#compdef procmanctl procmand
# Completion of procmanctl and procmand for zsh.
#   source <(procmanctl completion zsh)                            in this shell, after compinit
#   procmanctl completion zsh > "\${fpath[1]}/_procmanctl"          for each new one

_procman_complete() {
  local program=$1 ctl=\${(Q)words[1]} kind line
  local -a lines described
  if [[ $ctl == */* ]]; then ctl=\${\${~ctl}:h}/procmanctl; else ctl=procmanctl; fi
  lines=("\${(@f)$("$ctl" __complete words $program -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  kind=\${lines[1]}
  if [[ $kind == files ]]; then
    compset -P '--*='
    _files
    return
  fi
  for line in "\${(@)lines[2,-1]}"; do
    # A colon parts the word from what it is: those of the word are guarded.
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( \${#described} )) && _describe -t procman "$program" described
}
_procmanctl() {
  if [[ $service == procmand ]]; then _procman_complete procmand; else _procman_complete procmanctl; fi
}

# Loaded by the completion system this file is the body of the function itself: it completes at once.
if [[ \${funcstack[1]} == _procmanctl ]]; then _procmanctl; else compdef _procmanctl procmanctl procmand; fi
`;

const fish = `# Completion of procmanctl and procmand for fish (3.0 or newer).
#   procmanctl completion fish | source                                       in this shell
#   procmanctl completion fish > ~/.config/fish/completions/procmanctl.fish    for each new one; the same as procmand.fish

function __procman_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l ctl procmanctl
    if string match -q '*/*' -- $words[1]
        set ctl (string replace -r '[^/]*$' procmanctl -- $words[1])
    end
    set -e words[1]
    set -l lines (command $ctl __complete words $argv[1] -- $words "$current" 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path (string replace -r '^--[a-z-]+=' '' -- "$current")
    else if set -q lines[2]
        printf '%s\\n' $lines[2..-1]
    end
end

complete -c procmanctl -f -a '(__procman_complete procmanctl)'
complete -c procmand -f -a '(__procman_complete procmand)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<ShellName, string>> = { bash, zsh, fish };
