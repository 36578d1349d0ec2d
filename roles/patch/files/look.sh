#!/bin/sh
# Says in lines, with tabs between the words, which boot this is and which packages are installed.
# $1 is the command that tells the boot, $2 whether to list packages: True or False.
printf 'boot\t%s\n' "$(sh -c "$1" 2>/dev/null | head -n 1)"
[ "$2" = True ] || exit 0
if command -v dpkg-query >/dev/null 2>&1; then
    echo listed
    format="package\t\${binary:Package}\t\${Version}\t\${db:Status-Want}\t\${db:Status-Status}\n"
    # Others are removed, and only their configuration is left.
    dpkg-query -W -f "$format" 2>/dev/null | grep 'installed$' | grep -v 'not-installed$'
fi
if command -v rpm >/dev/null 2>&1; then
    echo listed
    rpm -qa --qf 'package\t%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n' 2>/dev/null
fi
exit 0
