#include "gateway/answer_keep.hpp"

namespace nearline::gateway {
namespace {

std::size_t size_of(const Answer& answer) {
    constexpr std::size_t list_and_index = 128;
    return sizeof(Answer) + list_and_index + answer.json.capacity() + answer.message.capacity() +
           answer.body_digest.capacity();
}

}  // namespace

void AnswerKeep::put(const AnswerPtr& answer) {
    AnswerPtr& place = answers_.emplace(answer->id);
    if (place && (place->status == 200 || answer->status != 200)) return;
    if (place) bytes_ -= size_of(*place);
    place = answer;
    bytes_ += size_of(*answer);
    while (answers_.size() > max_answers_ || (bytes_ > max_bytes_ && !answers_.empty())) {
        bytes_ -= size_of(*answers_.pop_oldest());
    }
}

AnswerPtr AnswerKeep::find(const Uuid& id) {
    const AnswerPtr* found = answers_.find(id);
    return found ? *found : nullptr;
}

}  // namespace nearline::gateway
