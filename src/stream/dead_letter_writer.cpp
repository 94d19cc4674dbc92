#include "stream/dead_letter_writer.hpp"

#include <utility>

#include "stream/dead_letter.hpp"

namespace nearline::stream {
namespace {

Record to_record(const DeadLetterWriter::Letter& letter) {
    switch (letter.form) {
        case DeadLetterWriter::Letter::Form::whole:
            return make_dead_letter(letter.record, letter.reason);
        case DeadLetterWriter::Letter::Form::stub:
            return make_dead_letter_stub(letter.record, letter.reason);
        case DeadLetterWriter::Letter::Form::bare_stub:
            break;
    }
    return make_bare_dead_letter_stub(letter.record, letter.reason);
}

}  // namespace

/// The reports of the letters that are under way; lives as long as one of them may still come.
struct DeadLetterWriter::Round {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t missing = 0;
    std::vector<std::pair<std::size_t, Delivery>> reports;
};

DeadLetterWriter::DeadLetterWriter(Stream& stream, std::string topic, const ProducerOptions& options)
    : stream_(stream), topic_(std::move(topic)), options_(options), producer_(stream.producer(options)) {}
DeadLetterWriter::~DeadLetterWriter() = default;

void DeadLetterWriter::renew() {
    producer_ = stream_.producer(options_);
}

std::string DeadLetterWriter::write(std::vector<Letter>& letters) {
    std::string why;
    bool again = true;
    while (std::exchange(again, false)) {
        const auto round = std::make_shared<Round>();
        for (const auto& letter : letters) round->missing += letter.is_stored ? 0 : 1;
        for (std::size_t i = 0; i < letters.size(); ++i) {
            if (!letters[i].is_stored) send(round, i, letters[i]);
        }
        std::unique_lock lock(round->mutex);
        round->changed.wait(lock, [&] { return round->missing == 0; });
        why.clear();
        for (const auto& [index, delivery] : round->reports) {
            auto& letter = letters[index];
            letter.is_stored = delivery.outcome == Delivery::Outcome::stored;
            if (letter.is_stored) continue;
            if (delivery.too_large && letter.form != Letter::Form::bare_stub) {
                letter.form = letter.form == Letter::Form::whole ? Letter::Form::stub : Letter::Form::bare_stub;
                again = true;
            } else {
                why = delivery.reason;
            }
        }
        if (!why.empty()) return why;
    }
    return "";
}

void DeadLetterWriter::send(const std::shared_ptr<Round>& round, std::size_t index, const Letter& letter) {
    producer_->produce(topic_, {}, to_record(letter), [round, index](const Delivery& delivery) {
        const std::scoped_lock lock(round->mutex);
        round->reports.emplace_back(index, delivery);
        --round->missing;
        round->changed.notify_all();
    });
}

}  // namespace nearline::stream
