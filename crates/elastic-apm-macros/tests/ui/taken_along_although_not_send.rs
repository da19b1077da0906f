use std::rc::Rc;

use elastic_apm::propagate;

fn main() {
    let cup = Rc::new(1);
    std::thread::spawn(propagate(move || *cup));
    let cup = Rc::new(2);
    elastic_apm::task::spawn(async move { *cup });
}
