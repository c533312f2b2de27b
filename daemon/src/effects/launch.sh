#!/bin/sh
# The launcher: runs one launch of one instance, waits for its end, and leaves one exit file, whatever becomes of the daemon.
#
#   sh launch.sh STEM LAUNCH      in the folder `runs`, with a clean environment and stdio on /dev/null
#
# Files:  lock/STEM             kernel lock, held as long as this launcher lives; never unlinked
#         record/STEM           PID START LAUNCH BOOT NAMESPACE LAUNCHER_PID LAUNCHER_START, these words once more, end
#         exit/STEM.LAUNCH      made by the daemon (64 blanks), filled in place: needs no fork and no new block; valid with its last word `end`
#         launch/STEM.LAUNCH.*  plan; intent -> claimed (here) or void (the daemon): one rename wins; why: this shell's stderr;
#                               terminal: only where the service has one, what is done before it is made
#
# One { } to the end: sh reads a script while it runs it, and must not read on in a file that was changed meanwhile.
{
  stem=$1 launch=$2
  exit_file=exit/$stem.$launch files=launch/$stem.$launch

  # Fills the exit file. Where it is gone nobody waits for it any more.
  say() {
    trap - EXIT
    [ ! -e "$exit_file" ] || printf '%-60s end\n' "$*" 1<>"$exit_file"
  }

  # Ends without having launched anything. What has been claimed already is another launcher's, and so is its exit file.
  give_up() {
    trap - EXIT
    [ -f "$files.claimed" ] || say "$@"
    exit 0
  }

  # PID START: whether that very process lives. Builtins only: must work where nothing can be forked.
  is_alive() {
    case $1 in '' | *[!0-9]*) return 1 ;; esac
    read -r stat <"/proc/$1/stat" || return 1
    # shellcheck disable=SC2086 # split into fields; the name before them may hold blanks and brackets
    set -- "$1" "$2" ${stat##*) }
    [ "${22}" = "$2" ] || return 1
    case $3 in
    X | x) return 1 ;;
    Z) # A leader gone by pthread_exit is Z as well, while its threads serve.
      set -- "/proc/$1/task/"*
      [ $# -gt 1 ]
      ;;
    esac
  }

  # Reads the run record into pid, start, old_launch, old_boot, old_namespace. All of it stands there twice: a damaged byte must not
  # make it another process's. The launchers before wrote it once. (What is no file, a pipe, could hold this shell up for ever.)
  read_record() {
    [ -f "record/$stem" ] || return 1
    read -r pid start old_launch old_boot old_namespace waiter waiter_start again <"record/$stem" || return 1
    case $again in
    end | "$pid $start $old_launch $old_boot $old_namespace $waiter $waiter_start "*end) ;;
    *) return 1 ;;
    esac
  }

  trap 'say aborted "$?"' EXIT

  # 1. The lock, on the file that is still at its path.
  { [ ! -p "lock/$stem" ] && true >>"lock/$stem"; } || give_up failed lock cannot open the lock file
  exec 9>>"lock/$stem"
  flock -w 2 -E 75 9
  code=$?
  [ $code -ne 75 ] || give_up refused lock
  [ $code -eq 0 ] || give_up failed lock flock ended with code $code
  # shellcheck disable=SC3013 # -ef: dash, bash and busybox have it
  [ "/proc/$$/fd/9" -ef "lock/$stem" ] || give_up refused replaced

  # 2. No live process on record: the lock alone says nothing where a launcher was killed.
  read -r boot </proc/sys/kernel/random/boot_id
  boot=${boot:--} namespace=${PROCMAN_PID_NAMESPACE:--}
  if read_record && [ "$old_boot" = "$boot" ] && [ "$old_namespace" = "$namespace" ] && is_alive "$pid" "$start"; then
    give_up refused alive
  fi

  # 3. The claim: absent means void, so a late launcher cannot run what was given up. (-T: never into a folder at that place.)
  if ! mv -T "$files.intent" "$files.claimed"; then
    [ ! -e "$files.intent" ] || give_up failed claim cannot rename the intent
    give_up refused void
  fi

  # 4. The service, in the foreground: `&` would leave SIGINT and SIGQUIT ignored in it. Signals meant for others must not end this shell.
  trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2
  read -r stat </proc/self/stat
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  # From here on this shell's stderr holds a line only if the child died of a signal, or could not be started at all.
  # (Made beforehand, too: blanks, so that a full disk cannot swallow the line.) The child's redirections are made by the child,
  # because dash makes those of a command in the parent. The child knows all by $1.. : variables may be clobbered by the
  # service's environment. Any end before its exec is told by its EXIT trap: $1 is the exit file, $2 the failed step.
  exec 2<>"$files.why"
  # shellcheck disable=SC2016
  child='
    left() { printf "%-60s end\n" "$2" 1<>"$1"; }
    trap "left \"\$1\" \"\$2\"" EXIT
    exec 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
    [ -n "$6" ] || exec </dev/null
    started() { shift 19; start=$1; }
    read -r stat </proc/self/stat
    started ${stat##*) }
    [ -e "/proc/$$/fd/9" ] || exit 125
    # The lock is held by this process, too, until the record is in place: "lock free and no record" proves that nothing runs.
    set -- "$1" "$2" "$3" "$4" "$$ $start $5"
    printf "%s %s end\n" "$5" "$5" >"$3.record"
    read -r record <"$3.record" && [ "$record" = "$5 $5 end" ] && mv -T "$3.record" "$4" || exit 125
    exec 9>&-
    # Inherited by whatever is started: the protection of the daemon is not meant for services.
    read -r score </proc/self/oom_score_adj
    case $score in -*) printf 0 >/proc/self/oom_score_adj ;; esac
    set -- "$1" "failed plan cannot read the plan" "$3"
    # bash forgets its traps before an exec that fails, and would end at once.
    # shellcheck disable=SC3044
    [ -z "${BASH_VERSION-}" ] || shopt -s execfail
    . "$3.plan"
    left "$1" "$2"
    exit 125
  '
  set -- "$PWD/$exit_file" 'failed record cannot write the run record' "$files" "record/$stem" "$launch $boot $namespace $$ ${20}"
  terminal=
  [ ! -e "$files.terminal" ] || terminal=yes
  if [ -z "$terminal" ]; then
    setsid sh -c "$child" sh "$@" ''
  else
    # On a terminal the child is one of `script`, leads the session that `script` makes, and has the lock through it until its
    # record is in place. Its text and words go by the environment, because `script` takes a line for a shell only.
    # shellcheck disable=SC2016
    setsid sh -c '
      trap "printf \"%-60s end\n\" \"\$2\" 1<>\"\$1\"" EXIT
      exec </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
      export exit_file="$1" step="$2" files="$3" record="$4" words="$5" child="$6" SHELL=/bin/sh
      # shellcheck disable=SC3044
      [ -z "${BASH_VERSION-}" ] || shopt -s execfail
      set -- "$1" "failed pty cannot read what comes before the terminal" "$3"
      . "$3.terminal"
      set -- "$1" "failed pty script: cannot be executed"
      exec script -qefc "
        set -- \"\$child\" \"\$exit_file\" \"\$step\" \"\$files\" \"\$record\" \"\$words\"
        unset child exit_file step files record words SHELL
        exec sh -c \"\$1\" sh \"\$2\" \"\$3\" \"\$4\" \"\$5\" \"\$6\" terminal
      " /dev/null
      exit 125
    ' sh "$@" "$child"
  fi
  code=$?

  # 5. The last word, unless the child has left it. sh tells of a death by signal on stderr, but for INT and PIPE.
  # (Only files are read, in case that something else was put at their place: this shell must come to its end.)
  if [ -f "$exit_file" ] && read -r said <"$exit_file" && [ "${said##* }" = end ]; then
    trap - EXIT
    exit 0
  fi
  why=
  [ ! -f "$files.why" ] || while [ -z "$why" ] && read -r why; do :; done <"$files.why"
  # Whether the run record is of this launch. One that cannot be read may be.
  is_recorded() {
    [ -e "record/$stem" ] || return 1
    ! read_record || [ "$old_launch" = "$launch" ]
  }
  if [ -n "$terminal" ] && { [ -n "$why" ] || ! is_recorded; }; then
    # `script` failed or was killed: then the child is another's to wait for. Once the lock is free, the record tells whether it got on.
    exec 9>&-
    exec 9>>"lock/$stem"
    if flock -w 10 9 && ! is_recorded; then
      say failed pty "${why:-script ended with code $code}"
    else
      say aborted "$code"
    fi
  elif [ -n "$terminal" ] && [ $code -gt 128 ] && [ $code -le 192 ]; then
    # `script` tells a death by signal no other way.
    say signal $((code - 128))
  elif [ $code -gt 128 ] && { [ -n "$why" ] || [ $code -eq 130 ] || [ $code -eq 141 ]; }; then
    say signal $((code - 128))
  elif [ -n "$why" ]; then
    say failed launch "$why"
  else
    say exit $code
  fi
  exit 0
}
