# Each recipe is a thin front for a tool of this project; `./test` and `./demo` do without `just`.

# List the recipes
default:
    @just --list

# Everything that has to hold before a change lands; name steps to run only those
test *steps:
    ./test {{steps}}

# Bring up a control plane, a vault and a Git server, and watch secrets arrive
demo *args:
    ./demo {{args}}

# Format the code
fmt:
    cargo fmt --all

# Lints, warnings denied
lint:
    ./test lint

# Documentation, warnings denied
doc:
    ./test doc

# Who imports whom
boundaries:
    ./test boundaries words guards

# Write definitions, roles, plain manifests, the generated parts of the chart, and of the reference
generate:
    cargo run --quiet -p deploy -- generate
    SIGNET_WRITE_REFERENCE=1 cargo test --quiet -p controller --test it flags_reference
    cargo run --quiet -p house -- rows

# Fail when a generated file is not up to date
generate-check:
    ./test generated rows metrics
    cargo test --quiet -p controller --test it flags_reference

# Licences, bans and sources of dependencies
deny:
    ./test deny

# Dependencies against the advisory database, which needs the network
advisories:
    cargo run --quiet -p house -- advisories

# Build the components that tests and demo run against
tools *names:
    cargo run --quiet -p components --bin tools -- ensure {{names}}

# The end-to-end scenarios alone
e2e *args:
    cargo test -p e2e {{args}}

# Let a day pass in minutes: commits, rotations, drift, outages, kills; a seed repeats a run
soak minutes="10" seed="":
    SIGNET_SOAK_MINUTES={{minutes}} {{ if seed == "" { "" } else { "SIGNET_SEED=" + seed } }} cargo test -p e2e --test it -- --nocapture fire_soak

# Print how fast the controller is, beside the limit of the API server; nothing is asserted
bench *args:
    cargo build --release --locked -p bench -p controller
    target/release/bench {{args}}

# Assemble and check the file tree of the image
image out="target/image":
    cargo build --release -p controller
    cargo run --quiet -p deploy -- image --out {{out}} --worker "$(cargo run --quiet -p components --bin tools -- path signet-render-worker)"
