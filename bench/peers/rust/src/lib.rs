//! Nothing: the peers are programs (`src/bin`).
