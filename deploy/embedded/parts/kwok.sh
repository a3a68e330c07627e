# shellcheck shell=bash
# Simulated nodes: KWOK answers for them, and moves their pods through the
# stages of a healthy pod. No containers, so hundreds of stores fit.

start_kwok() { die "not built yet"; }
stop_kwok() { stop_daemon kwok 5; }
