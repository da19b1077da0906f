//! A future inside a transaction: started by the first poll, ended by completion, panic or drop.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use elastic_apm_intake::Outcome;
use pin_project_lite::pin_project;

use super::current::TaskContext;
use super::in_context::polled_after_completion;
use super::transaction::Transaction;
use super::transaction_builder::TransactionBuilder;

pin_project! {
    /// The future of [`TransactionBuilder::run`] and [`TransactionBuilder::try_run`].
    ///
    /// Never polled, it leaves no transaction behind.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Run<F: Future> {
        #[pin]
        inner: Option<F>,
        builder: Option<TransactionBuilder>,
        state: State,
        succeeded: fn(&F::Output) -> bool,
    }

    impl<F: Future> PinnedDrop for Run<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let State::Running { context, transaction } = this.state {
                // What the future owns is dropped inside its context: clean-up code issues queries too.
                let _entered = context.enter();
                this.inner.set(None);
                transaction.set_result_if_unset("cancelled");
                transaction.set_protocol_outcome(Outcome::Unknown);
            }
        }
    }
}

enum State {
    New,
    Running { context: TaskContext, transaction: Transaction },
    Done,
}

impl<F: Future> Run<F> {
    pub(crate) fn new(builder: TransactionBuilder, future: F, succeeded: fn(&F::Output) -> bool) -> Self {
        Run { inner: Some(future), builder: Some(builder), state: State::New, succeeded }
    }
}

impl<F: Future> Future for Run<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(builder) = this.builder.take() {
            let transaction = builder.start();
            // A transaction that does not record leaves the caller's context in sight.
            let context =
                if transaction.is_recording() { transaction.context() } else { TaskContext::current() };
            *this.state = State::Running { context, transaction };
        }
        let Some(future) = this.inner.as_mut().as_pin_mut() else { polled_after_completion() };
        let State::Running { context, transaction } = this.state else { return future.poll(cx) };

        let entered = context.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| {
            future.poll(cx).map(|output| {
                let succeeded = (this.succeeded)(&output);
                (output, succeeded)
            })
        }));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready((output, succeeded))) => {
                transaction.completed(succeeded);
                this.inner.set(None);
                drop(entered);
                *this.state = State::Done;
                Poll::Ready(output)
            }
            Err(panic) => {
                drop(entered);
                transaction.panicked(panic.as_ref());
                *this.state = State::Done;
                resume_unwind(panic)
            }
        }
    }
}
