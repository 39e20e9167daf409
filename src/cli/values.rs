//! What an option's value may be, and why another is refused.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// A budget: a whole number above 0.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("with nothing to look at there is nothing to find: give 1 or more".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("not a whole number above 0".to_owned()),
    }
}

/// A number of threads.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|threads| (1..=512).contains(threads))
        .ok_or_else(|| "not a number from 1 to 512".to_owned())
}

/// A number of partitions or replicas.
pub(crate) fn at_least_one<N: FromStr + PartialOrd + From<u8> + Display>(text: &str) -> Result<N, String> {
    text.parse().ok().filter(|number| *number >= N::from(1)).ok_or_else(|| "not a whole number above 0".to_owned())
}

/// A partition's index.
pub(crate) fn partition(text: &str) -> Result<i32, String> {
    text.parse().ok().filter(|index| *index >= 0).ok_or_else(|| "partitions are numbered from 0".to_owned())
}

/// A duration above 0, in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "not a number of seconds above 0".to_owned())
}

/// A share, 0 to 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "not a share from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(count("0").is_err() && count("-1").is_err() && count("ten").is_err());
        assert!(seconds("0").is_err() && seconds("-1").is_err() && seconds("nan").is_err() && seconds("inf").is_err());
        assert!(share("2").is_err() && share("-0.1").is_err() && share("nan").is_err());
        assert!(partition("-1").is_err() && at_least_one::<i16>("0").is_err() && at_least_one::<i16>("40000").is_err());
        assert!(threads("0").is_err());
    }

    #[test]
    fn what_makes_sense_is_taken() {
        assert_eq!((count("1"), share("0"), share("1")), (Ok(1), Ok(0.0), Ok(1.0)));
        assert_eq!((partition("0"), at_least_one::<i32>("6")), (Ok(0), Ok(6)));
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
    }
}
