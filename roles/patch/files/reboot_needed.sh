#!/bin/sh
# Says why a reboot is needed, and nothing where it is not or can't be told.
for file in /run/reboot-required /var/run/reboot-required; do
    if [ -e "$file" ]; then
        echo "there is $file"
        exit 0
    fi
done
for tool in needs-restarting 'dnf needs-restarting'; do
    # An unknown subcommand of dnf would end with the same code as the need for a reboot.
    $tool --help >/dev/null 2>&1 || continue
    $tool -r >/dev/null 2>&1
    [ $? -eq 1 ] && echo "$tool -r says so"
    exit 0
done
exit 0
