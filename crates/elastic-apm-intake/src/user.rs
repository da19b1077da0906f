//! The user on whose behalf something happened.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::read;
use crate::text::Keyword;

/// Who is logged in. If any field is set, the user of the metadata is dropped entirely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// An id; others may send it as an integer, which is read as its digits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::text_or_integer")]
    pub id: Option<Keyword>,
    /// The name they log in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Keyword>,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Keyword>,
    /// The domain the user belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Keyword>,
}

impl User {
    /// Nobody yet.
    ///
    /// ```
    /// use elastic_apm_intake::User;
    ///
    /// let mut user = User::new().id(7).username("joe");
    /// user.update(User::new().email("joe@example.com"));
    ///
    /// assert_eq!((user.id.as_deref(), user.email.as_deref()), (Some("7"), Some("joe@example.com")));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the id, text or a number.
    #[must_use]
    pub fn id(mut self, id: impl fmt::Display) -> Self {
        self.id = Some(Keyword::formatted(format_args!("{id}")));
        self
    }

    /// Sets the name they log in with.
    #[must_use]
    pub fn username(mut self, username: impl Into<Keyword>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Sets the mail address.
    #[must_use]
    pub fn email(mut self, email: impl Into<Keyword>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Sets the domain the user belongs to.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Keyword>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Takes over what `newer` says; what it leaves open stays.
    pub fn update(&mut self, newer: Self) {
        let Self { id, username, email, domain } = newer;
        for (field, newer) in [
            (&mut self.id, id),
            (&mut self.username, username),
            (&mut self.email, email),
            (&mut self.domain, domain),
        ] {
            if newer.is_some() {
                *field = newer;
            }
        }
    }
}
