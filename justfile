# Short names for what the pages use: `just`, `just test resume::`.

default:
    @just --list

# Everything that must hold before a change lands
gate:
    .ci/run

# Unit tests of a folder, such as mapping::value
unit filter="":
    cargo test --locked --lib -- {{filter}}

# A topic of the whole program, such as resume::
test filter="":
    cargo test --locked --test it -- {{filter}}

# A rehearsal with the samples
rehearse:
    cargo run --locked -- run samples/calls.csv --audio samples/recordings --sandbox --out out

# Manual pages into target/man
man:
    scripts/man target/man

# The book of docs/, with its links checked
docs:
    scripts/docs

# What people install, into target/package
package *steps:
    scripts/package {{steps}}
