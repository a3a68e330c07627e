//! The platform as a whole, told in the words of its users.
