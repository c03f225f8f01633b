# Read by the tests of the clients: installs what they need where it can be had. A client whose needs cannot be met is not
# tested: its test says so, and ends with the status 77.
skip() {
    echo "SKIPPED: $*"
    exit 77
}

# need PROGRAM PACKAGE: a program, from a package of Debian unless it is there.
need() {
    command -v "$1" >/dev/null && return
    echo "installing $2, for $1"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1 ||
        skip "$1 is missing, and apt-get cannot install $2 here"
    command -v "$1" >/dev/null || skip "$1 is missing, and $2 did not bring it"
}

# need_npm FOLDER [PACKAGE...]: packages of npm, or what the package.json of the folder names.
need_npm() {
    need npm npm
    npm install --silent --ignore-scripts --no-package-lock --no-audit --no-fund --prefix "$@" >/dev/null || skip "npm cannot install ${*:2} to $1"
}

# LiteRT's library and, in Python, its version, as in the environment of $PYTHON.
litert_folder() {
    "$PYTHON" -c 'import importlib.util as u; print(*u.find_spec("ai_edge_litert").submodule_search_locations)'
}
litert_version() {
    "$PYTHON" -c 'from importlib.metadata import version; print(version("ai-edge-litert"))'
}
