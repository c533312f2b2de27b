# Cuts what has been copied off the beginning of a live log file: see rotation-cut.ts. Runs under the log's lock, and may run
# long after the daemon that started it has died: so it trusts nothing but the names that it finds under the lock.
# Descriptors: 3 the live file, 4 the lock file, 5 the folder.
# Arguments: 1 live file, 2-4 its names when done, punched, collapsed; 5 begin and 6 length of what is copied; 7 its end;
# 8 `collapse` or `keep`; 9 how many bytes at the beginning are zero as long as it is not collapsed.
cd /proc/self/fd/5 || exit 70
{ [ /proc/self/fd/3 -ef "./$1" ] && [ ! -L "./$1" ]; } || exit 14
if [ -e "./$2" ]; then
  fallocate -p -o "$5" -l "$6" /proc/self/fd/3 || exit 12
  mv -f -T "./$2" "./$3" || exit 71
fi
[ -e "./$3" ] || exit 13
text=$(head -c "$9" /proc/self/fd/3 | tr -d '\000' | head -c 1 | wc -c) || exit 72
size=$(stat -L -c %s /proc/self/fd/3) || exit 73
if [ "$text" -ne 0 ] || [ "$size" -le "$7" ]; then
  mv -f -T "./$3" "./$4" || exit 71
  exit 11
fi
[ "$8" = collapse ] || exit 10
fallocate -c -o 0 -l "$7" /proc/self/fd/3 || exit 15
mv -f -T "./$3" "./$4" || exit 71
