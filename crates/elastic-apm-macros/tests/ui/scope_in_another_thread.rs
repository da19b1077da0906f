use elastic_apm::Agent;

fn main() {
    let agent = Agent::builder().build();
    let transaction = agent.begin_transaction("script");
    std::thread::spawn(move || transaction.end());
}
