/** The sample configuration of `gen-file`. */

/**
 * A small configuration that loads without problems and shows the most used keys.
 *
 * @param uid - a fresh one: each file its own
 * @param now - the first version takes effect at the start of this day
 */
export function sampleConfig(uid: string, now: Date): string {
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  return `# A configuration of procman. Check it with: procmanctl check FILE
# Each file has a uid of its own. Do not change it while its services run.
uid = "${uid}"
file-format = "0"

# [daemon]
# log-level = "info"
# timezone = "Europe/Madrid"         # of all times in this file; else the system's
# watch-config = true                # reload by itself when this file changes; else \`procmanctl update\` does

# What all processes have in common; each may say otherwise.
# [defaults]
# stop-timeout = "10s"


[[process]]
id = "example_process"
apply-on = "${day}T00:00:00"         # this version counts from then on
command = "sleep 5555"

# optional -----------------------------------------
fake = false                         # true: leave this version out (a rollback to the one before)
depends-on = []                      # ids of processes that have to run first
work-dir = "/tmp"
env = { GREETING = "hello" }
autorestart = "always"               # always, on-failure, never
stop-signal = "TERM"
stop-timeout = "10s"                 # then SIGKILL

# Commands around it, for /bin/sh. Each may also be { command = "..", timeout = ".." }.
before = "echo 'Preparing to start process...'"         # where it fails, nothing is started; tried again later
init = "echo 'Process is starting...'"                  # once it lives; it counts as RUNNING only afterwards
stop = "echo 'Stopping process...'; kill $PROCMAN_PID"  # instead of the stop-signal
# Is it well? Asked again and again; else it is stopped and started again. Also: http = "http://..", tcp = "host:port"
health-check = { command = "kill -0 $PROCMAN_PID", interval = "10s", retries = 3 }

# When it is to run. Outside these times it is stopped; a stop-time before the start-time is on the next day.
[process.schedule]
start-time = "00:00"
stop-time = "24:00"
week-days = "all"                    # or "mon-fri", or ["mon", "wed", "sun"]


# Runs once, as soon as the first one is running. With a schedule: once in each window.
[[process]]
id = "example_process 2"
apply-on = "${day}T00:00:00"
command = "echo 'Hello, World!'"
one-shot = true
depends-on = ["example_process"]
# schedule = { cron = "0 3 * * *" }


# Tell people what goes wrong, and when it is over. Try it with: procmanctl notify-test
# [[notify]]
# name = "ops"
# mail = { to = "ops@example.com", smtp = "mail.example.com" }    # or webhook = "https://..", or command = ".."


# A new version of a process is a second table with the same id and a later apply-on:
# when its time comes, the old version is stopped and the new one is started.
`;
}
