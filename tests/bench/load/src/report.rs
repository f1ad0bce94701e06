use std::fmt::Write;
use std::time::Duration;

/// What was counted in one run.
#[derive(Default)]
pub struct Report {
    pub elapsed: Duration,
    latencies: Vec<u64>,
    errors: u64,
    wrong: u64,
    reconnects: u64,
    first_fault: Option<String>,
}

impl Report {
    pub fn answered(&mut self, latency: Duration) {
        self.latencies.push(latency.as_nanos() as u64);
    }

    pub fn wrong(&mut self, why: String) {
        self.wrong += 1;
        self.first_fault.get_or_insert(why);
    }

    pub fn failed(&mut self, why: String) {
        self.errors += 1;
        self.first_fault.get_or_insert(why);
    }

    pub fn lost(&mut self, in_flight: usize) {
        self.errors += in_flight as u64;
        self.first_fault.get_or_insert_with(|| "no answer".into());
    }

    pub fn reconnected(&mut self) {
        self.reconnects += 1;
    }

    pub fn to_json(&self) -> String {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        let mut json = format!(
            "{{\"requests\": {}, \"errors\": {}, \"wrong\": {}, \"reconnects\": {}, \"seconds\": {:.6}",
            latencies.len(),
            self.errors,
            self.wrong,
            self.reconnects,
            self.elapsed.as_secs_f64()
        );
        for (name, per_mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("max", 1000)] {
            let rank = (latencies.len() * per_mille).div_ceil(1000).saturating_sub(1);
            let latency = latencies.get(rank).copied().unwrap_or_default();
            let _ = write!(json, ", \"{name}_us\": {:.3}", latency as f64 / 1000.0);
        }
        match &self.first_fault {
            Some(fault) => {
                let _ = write!(json, ", \"fault\": {:?}}}", fault.replace(|c: char| !c.is_ascii() || c == '"', "?"));
            }
            None => json.push_str(", \"fault\": null}"),
        }
        json
    }
}
