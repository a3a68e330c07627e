//! What the process takes, under the names that Prometheus' own clients use. Read
//! from `/proc` when asked; where there is none, nothing is told.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Opts};

use crate::metrics::{Family, OURS};

const MEMORY: Family = gauge("process_resident_memory_bytes", "Resident memory.");
const FILES: Family = gauge("process_open_fds", "Open file descriptors.");
const THREADS: Family = gauge("process_threads", "Threads.");

/// The names.
pub(super) const FAMILIES: [Family; 3] = [MEMORY, FILES, THREADS];

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family {
        name,
        kind: "gauge",
        labels: &[],
        help,
    }
}

#[derive(Debug)]
pub(super) struct Process {
    memory: Gauge,
    files: Gauge,
    threads: Gauge,
}

impl Default for Process {
    fn default() -> Self {
        let made =
            |family: Family| Gauge::with_opts(Opts::new(family.name, family.help)).expect(OURS);
        Self {
            memory: made(MEMORY),
            files: made(FILES),
            threads: made(THREADS),
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        [&self.memory, &self.files, &self.threads]
            .into_iter()
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let of = |name: &str| -> Option<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        self.memory.set(of("VmRSS:").unwrap_or(0.0) * 1024.0);
        self.threads.set(of("Threads:").unwrap_or(0.0));
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.files
            .set(u32::try_from(files).unwrap_or(u32::MAX).into());
        [&self.memory, &self.files, &self.threads]
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}
