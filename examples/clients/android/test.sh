#!/usr/bin/env bash
# test.sh [FOLDER]: compiles KerasBert.kt for the JVM, runs it with LiteRT through JNI, and compares its answers with those
# in FOLDER, which make_vectors.py wrote. Needs a JDK, a C++ compiler and npm, which has Kotlin's compiler.
set -euo pipefail
here=$(dirname "$0") PYTHON=${PYTHON:-python3} build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
. "$here/../set_up.sh"
need c++ g++
need javac default-jdk-headless
kotlin=${KOTLIN:-$build/node_modules/kotlin-compiler}
[ -d "$kotlin" ] || need_npm "$build" kotlin-compiler@2.4.20
litert=$(litert_folder)
jdk=${JAVA_HOME:-$(dirname "$(dirname "$(realpath "$(command -v javac)")")")}
c++ -std=c++17 -O2 -Wall -Wextra -Werror -shared -fPIC -I"$jdk/include" -I"$jdk/include/linux" "$here/jvm/jni.cpp" \
    "$litert/libLiteRt.so" -Wl,-rpath,"$litert" -o "$build/libjni.so"
java -cp "$kotlin/lib/*" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -Werror -no-reflect -include-runtime -kotlin-home "$kotlin" \
    -d "$build/client.jar" "$here/app/src/main/kotlin/kerasbert/KerasBert.kt" "$here/jvm/Main.kt"
"$PYTHON" "$here/../compare.py" "${1:-build/clients}" utf-16-le java -cp "$build/client.jar" kerasbert.jvm.MainKt "$build/libjni.so"
