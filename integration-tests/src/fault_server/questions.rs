//! What agents ask beside sending events: who the server is, and the central configuration.

use std::sync::{Condvar, Mutex, PoisonError};

use super::{Answer, Received, locked};
use crate::PATIENCE;

/// How questions are answered, and which were asked.
#[derive(Debug)]
pub(super) struct Questions {
    info: Mutex<Answer>,
    central: Mutex<Answer>,
    asked: Mutex<Vec<Received>>,
    more: Condvar,
}

impl Questions {
    /// Answers as a server that does not know the agent, so that its version stays unknown, and has no central configuration.
    pub(super) fn new() -> Self {
        Questions {
            info: Mutex::new(Answer::new(200)),
            central: Mutex::new(Answer::new(404)),
            asked: Mutex::default(),
            more: Condvar::new(),
        }
    }

    pub(super) fn set_info(&self, answer: Answer) {
        *locked(&self.info) = answer;
    }

    pub(super) fn set_central(&self, answer: Answer) {
        *locked(&self.central) = answer;
    }

    /// What a question is answered with.
    pub(super) fn answer(&self, question: &Received) -> Answer {
        if question.is_for("/") {
            locked(&self.info).clone()
        } else if question.is_for("/config/v1/agents") {
            locked(&self.central).clone()
        } else {
            Answer::new(404)
        }
    }

    pub(super) fn record(&self, question: Received) {
        locked(&self.asked).push(question);
        self.more.notify_all();
    }

    pub(super) fn of(&self, path: &str) -> Vec<Received> {
        locked(&self.asked).iter().filter(|question| question.is_for(path)).cloned().collect()
    }

    #[track_caller]
    pub(super) fn wait_for(&self, path: &str, count: usize) -> Vec<Received> {
        let of = |asked: &[Received]| asked.iter().filter(|question| question.is_for(path)).count();
        let (asked, timeout) = self
            .more
            .wait_timeout_while(locked(&self.asked), PATIENCE, |asked| of(asked) < count)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "{path} was not asked for in time; so far: {asked:#?}");
        drop(asked);
        self.of(path)
    }
}
