//! What the programs cost while nothing happens.

use system_tests::machine::resident_mib;
use system_tests::platform::Platform;

#[tokio::test]
async fn the_idle_programs_hold_at_most_40_mib_each() {
    let _platform = Platform::alone().await.unwrap();

    for program in ["api", "worker"] {
        let held = resident_mib(program).unwrap();
        println!("{program} holds {held:.1} MiB");
        assert!(held <= 40.0, "{program} holds {held:.1} MiB");
    }
}
