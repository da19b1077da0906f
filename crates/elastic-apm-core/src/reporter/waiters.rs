//! Those who wait for delivery: what they wait for, and what they are told.
//!
//! Events are known here by their position: how many were taken from the queue before them. Knows neither requests nor the queue.

use std::time::Instant;

use super::control::Waiter;

/// The callers that have not been answered yet.
#[derive(Default)]
pub(super) struct Waiters(Vec<Waiting>);

/// A caller that waits until all events before position `until` are settled, and asks whether any of them was lost.
struct Waiting {
    waiter: Waiter,
    until: u64,
    attempts_before: u64,
    lost: bool,
    /// What to answer, once it is known.
    delivered: Option<bool>,
}

impl Waiters {
    /// Lets a caller wait for the events before position `until`. `attempts` is how many requests have begun so far.
    pub(super) fn add(&mut self, waiter: Waiter, until: u64, attempts: u64) {
        let waiting = Waiting { waiter, until, attempts_before: attempts, lost: false, delivered: None };
        self.0.push(waiting);
    }

    /// Somebody waits for what is not known yet: neither gathering nor backing off is in order.
    pub(super) fn is_urgent(&self) -> bool {
        self.undecided().next().is_some()
    }

    /// The first moment at which somebody has waited long enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.undecided().map(|waiting| waiting.waiter.deadline).min()
    }

    /// The event at this position, or one of those at and behind it, was lost.
    pub(super) fn lose(&mut self, position: u64) {
        for waiting in self.0.iter_mut().filter(|waiting| position < waiting.until) {
            waiting.lost = true;
        }
    }

    /// The fate of every event before `position` is known.
    pub(super) fn settle(&mut self, position: u64) {
        for waiting in self.0.iter_mut().filter(|waiting| waiting.until <= position) {
            waiting.delivered.get_or_insert(!waiting.lost);
        }
    }

    /// Tells those who have had an attempt of their own among the `attempts` so far: waiting out the back-off would only hold
    /// them up.
    ///
    /// A request that had begun before they asked is no such attempt; the server may have come back since.
    pub(super) fn give_up_attempted(&mut self, attempts: u64) {
        self.give_up(|waiting| waiting.attempts_before < attempts);
    }

    /// Tells those who have waited as long as they wanted to.
    pub(super) fn expire(&mut self, now: Instant) {
        self.give_up(|waiting| waiting.waiter.deadline <= now);
    }

    /// Answers those whose answer is known.
    pub(super) fn answer(&mut self) {
        self.0.retain(|waiting| {
            if let Some(delivered) = waiting.delivered {
                waiting.waiter.answer(delivered);
            }
            waiting.delivered.is_none()
        });
    }

    fn undecided(&self) -> impl Iterator<Item = &Waiting> {
        self.0.iter().filter(|waiting| waiting.delivered.is_none())
    }

    fn give_up(&mut self, on: impl Fn(&Waiting) -> bool) {
        for waiting in self.0.iter_mut().filter(|waiting| on(waiting)) {
            waiting.delivered.get_or_insert(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::control::Answer;
    use super::*;

    fn wait_until(waiters: &mut Waiters, position: u64) -> Answer {
        let (waiter, answer) = Waiter::new(Instant::now() + Duration::from_secs(60));
        waiters.add(waiter, position, 0);
        answer
    }

    fn answers(waiters: &mut Waiters, answer: &Answer) -> Option<bool> {
        waiters.answer();
        answer.known()
    }

    #[test]
    fn a_later_event_that_is_lost_neither_settles_nor_spoils_an_earlier_wait() {
        let mut waiters = Waiters::default();
        let answer = wait_until(&mut waiters, 3);

        waiters.lose(3);
        waiters.settle(2);
        assert_eq!(answers(&mut waiters, &answer), None);
        waiters.settle(3);

        assert_eq!(answers(&mut waiters, &answer), Some(true));
    }

    #[test]
    fn an_event_that_is_lost_is_told_to_all_who_wait_for_it() {
        let mut waiters = Waiters::default();
        let (before, after) = (wait_until(&mut waiters, 3), wait_until(&mut waiters, 4));

        waiters.lose(3);
        waiters.settle(4);

        assert_eq!(answers(&mut waiters, &before), Some(true));
        assert_eq!(answers(&mut waiters, &after), Some(false));
    }

    #[test]
    fn only_an_attempt_that_began_after_the_question_ends_the_wait() {
        let mut waiters = Waiters::default();
        let (waiter, answer) = Waiter::new(Instant::now());
        waiters.add(waiter, 1, 5);

        waiters.give_up_attempted(5);
        assert!(waiters.is_urgent());
        waiters.give_up_attempted(6);

        assert_eq!(answers(&mut waiters, &answer), Some(false));
        assert!(!waiters.is_urgent());
    }
}
