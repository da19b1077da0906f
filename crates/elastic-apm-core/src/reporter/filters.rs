//! What the application has to say of events before they are sent: closures that change them or leave them out.
//!
//! They run on the agent's thread, in the order in which they were given, on events that are ready to be written.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use elastic_apm_intake::{ErrorEvent, SpanEvent, TransactionEvent};

use crate::stats::DropReason;

/// An event that [`AgentBuilder::filter`](crate::AgentBuilder::filter) can look at: a
/// [`TransactionEvent`], a [`SpanEvent`] or an [`ErrorEvent`].
pub trait Filterable: HasFilters {}

impl<E: HasFilters> Filterable for E {}

/// The filters of an agent.
#[derive(Clone, Default)]
pub struct Filters {
    transactions: Vec<Filter<TransactionEvent>>,
    spans: Vec<Filter<SpanEvent>>,
    errors: Vec<Filter<ErrorEvent>>,
}

/// One filter; `false` leaves the event out.
type Filter<E> = Arc<dyn Fn(&mut E) -> bool + Send + Sync>;

/// Keeps [`Filterable`] to the events there are.
pub trait HasFilters: Sized + 'static {
    /// The filters of this kind of event.
    fn filters(filters: &Filters) -> &Vec<Filter<Self>>;

    /// The filters of this kind of event, to add another one.
    fn filters_mut(filters: &mut Filters) -> &mut Vec<Filter<Self>>;
}

macro_rules! filtered {
    ($($event:ty: $filters:ident;)*) => { $(
        impl HasFilters for $event {
            fn filters(filters: &Filters) -> &Vec<Filter<Self>> {
                &filters.$filters
            }

            fn filters_mut(filters: &mut Filters) -> &mut Vec<Filter<Self>> {
                &mut filters.$filters
            }
        }
    )* };
}

filtered! {
    TransactionEvent: transactions;
    SpanEvent: spans;
    ErrorEvent: errors;
}

impl Filters {
    pub(crate) fn add<E: Filterable>(&mut self, filter: impl Fn(&mut E) -> bool + Send + Sync + 'static) {
        E::filters_mut(self).push(Arc::new(filter));
    }

    /// Whether nobody has asked to see events of this kind.
    pub(super) fn is_empty<E: Filterable>(&self) -> bool {
        E::filters(self).is_empty()
    }

    /// Shows an event to its filters, one after the other, until one leaves it out. A filter that panics leaves it out too: half
    /// changed it might hold what it was to take away.
    pub(super) fn pass<E: Filterable>(&self, event: &mut E) -> Result<(), DropReason> {
        for filter in E::filters(self) {
            match catch_unwind(AssertUnwindSafe(|| filter(event))) {
                Ok(true) => {}
                Ok(false) => return Err(DropReason::Filtered),
                Err(_) => return Err(DropReason::FilterFailed),
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Filters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filters")
            .field("transactions", &self.transactions.len())
            .field("spans", &self.spans.len())
            .field("errors", &self.errors.len())
            .finish()
    }
}
