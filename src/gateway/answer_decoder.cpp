#include "gateway/answer_decoder.hpp"

#include <utility>

#include "domain/header_names.hpp"
#include "domain/prediction.hpp"
#include "schema/prediction_record.hpp"

namespace nearline::gateway {
std::optional<Uuid> request_id_of(const stream::Record& record) {
    const auto header = find_header(record, header_names::request_id);
    if (!header) return {};
    return Uuid::parse(*header);
}

std::variant<AnswerPtr, Rejection> to_answer(const Uuid& id, const stream::Record& record,
                                             const boost::json::value& document, const schema::JsonSchema& schema) {
    auto read = schema::read_prediction(document, schema);
    if (auto* rejection = std::get_if<Rejection>(&read)) return std::move(*rejection);
    const auto& prediction = std::get<Prediction>(read);
    Answer answer;
    answer.id = id;
    if (const auto user = find_header(record, header_names::user)) answer.user = Uuid::parse(*user);
    if (const auto digest = find_header(record, header_names::body_digest)) answer.body_digest = *digest;
    answer.status = prediction.status;
    answer.message = prediction.message;
    answer.json = to_json(prediction);
    return std::make_shared<const Answer>(std::move(answer));
}

}  // namespace nearline::gateway
