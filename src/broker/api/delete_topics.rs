//! DeleteTopics: topics and all their records, by name or by id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use kafka_protocol::protocol::StrBytes;

use super::super::error::Refusal;
use super::super::state::{Context, Shared, State};

pub(in super::super) fn answer(request: DeleteTopicsRequest, cx: &Context, shared: &Shared) -> DeleteTopicsResponse {
    // Up to version 5 a plain list of names.
    let by_name = request.topic_names.into_iter().map(|name| DeleteTopicState::default().with_name(Some(name)));
    let wanted: Vec<DeleteTopicState> = request.topics.into_iter().chain(by_name).collect();
    let mut state = shared.lock();
    let responses = wanted.into_iter().map(|topic| {
        let id = topic.topic_id;
        let result = DeletableTopicResult::default().with_topic_id(id).with_name(topic.name.clone());
        match delete(&topic, cx, &mut state) {
            Ok((name, id)) => result.with_name(Some(StrBytes::from_string(name).into())).with_topic_id(id),
            Err(refusal) => result.with_error_code(refusal.code()).with_error_message(refusal.message()),
        }
    });
    let response = DeleteTopicsResponse::default().with_responses(responses.collect());
    drop(state);
    shared.wake_fetches();
    response
}

fn delete(topic: &DeleteTopicState, cx: &Context, state: &mut State) -> Result<(String, uuid::Uuid), Refusal> {
    cx.check_forced()?;
    let name = match &topic.name {
        Some(name) => name.0.as_str().to_owned(),
        None => state.topics.name_of(topic.topic_id).map(str::to_owned).ok_or(ResponseError::UnknownTopicId)?,
    };
    let gone = state.topics.remove(&name).ok_or(ResponseError::UnknownTopicOrPartition)?;
    state.groups.forget_topic(&name);
    Ok((name, gone.id))
}
