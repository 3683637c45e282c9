#!/bin/sh
# Tests of wordcount: what is fed in, what has to come out.
set -eu
wordcount=$1

check() {
    got=$(printf "$2" | "$wordcount")
    if [ "$got" != "$3" ]; then
        echo "FAIL $1: got '$got', wanted '$3'"
        exit 1
    fi
    echo "ok   $1"
}

check 'nothing'         ''              '0 lines, 0 words'
check 'one line'        'a b c\n'       '1 lines, 3 words'
check 'no newline'      'a'             '0 lines, 1 words'
check 'blanks and tabs' '  a \t b  \n'  '1 lines, 2 words'
