#include "schema/topic_codec.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_map>

#include "domain/json.hpp"
#include "schema/framing.hpp"

namespace nearline::schema {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_remembered_noes = 10'000;
/// Of the time that noes are remembered, so many patiences may be spent on unknown ids: a producer that
/// makes up a new id for every record must not hold up the topic.
constexpr int patiences_per_memory = 5;

Rejection frame_rejection(std::string class_name, std::string message) {
    return {.stage = "frame", .class_name = std::move(class_name), .message = std::move(message), .status = 400};
}

Rejection no_frame(const std::string& value) {
    constexpr std::string_view wanted = "Confluent's framing begins with a zero byte and the schema id as four bytes";
    if (value.empty()) return frame_rejection("EmptyValue", "the record's value is empty; " + std::string(wanted));
    if (value.front() == '\0') {
        return frame_rejection(
            "NoFrame", "the record's value has " + std::to_string(value.size()) + " bytes; " + std::string(wanted));
    }
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(value.front());
    auto message = std::string("the record's value begins with byte 0x") + digits[byte >> 4] + digits[byte & 0xF] +
                   "; " + std::string(wanted);
    if (value.front() == '{')
        message += ": this looks like JSON that a producer wrote without a schema registry's serializer";
    return frame_rejection("WrongMagicByte", std::move(message));
}

Rejection not_json(const Problem& problem) {
    constexpr std::string_view http_words = "the body ";
    auto message = problem.detail;
    if (message.starts_with(http_words)) message.replace(0, http_words.size(), "the record's value ");
    return {.stage = "json", .class_name = "MalformedJson", .message = std::move(message), .status = 400};
}

Rejection violated(std::int32_t id, const std::vector<Violation>& violations) {
    constexpr std::size_t most = 5;
    auto message = "the record breaks the schema with id " + schema_id_text(id) + ": ";
    for (std::size_t i = 0; i < violations.size() && i < most; ++i) {
        if (i > 0) message += "; ";
        if (!violations[i].pointer.empty()) message += violations[i].pointer + " ";
        message += violations[i].detail;
    }
    if (violations.size() > most) message += "; and " + std::to_string(violations.size() - most) + " more";
    return {.stage = "validation", .class_name = "SchemaViolation", .message = std::move(message), .status = 422};
}

Rejection schema_rejection(std::string class_name, std::string message) {
    return {.stage = "schema", .class_name = std::move(class_name), .message = std::move(message), .status = 422};
}

}  // namespace

struct TopicCodec::Impl {
    /// A schema of this topic by its id; kept as long as the codec.
    struct Known {
        std::int32_t id;
        std::shared_ptr<const JsonSchema> schema;
    };
    struct No {
        Rejection rejection;
        Clock::time_point until;
    };

    Impl(Registry& r, Options o)
        : registry(r),
          options(std::move(o)),
          subject(options.topic + "-value"),
          own(JsonSchema::compile(options.schema)) {}

    const Known* find(std::int32_t id) const {
        // Nearly every record names the same id: no lock for that one.
        const auto* last = recent.load(std::memory_order_acquire);
        if (last != nullptr && last->id == id) return last;
        const std::shared_lock lock(mutex);
        const auto found = known.find(id);
        if (found == known.end()) return nullptr;
        recent.store(found->second.get(), std::memory_order_release);
        return found->second.get();
    }

    const Known& keep(std::int32_t id, std::shared_ptr<const JsonSchema> schema) {
        const std::unique_lock lock(mutex);
        noes.erase(id);
        auto& place = known[id];
        if (!place) place = std::make_unique<Known>(Known{id, std::move(schema)});
        return *place;
    }

    std::optional<Rejection> find_no(std::int32_t id) const {
        const std::shared_lock lock(mutex);
        const auto found = noes.find(id);
        if (found == noes.end() || found->second.until <= Clock::now()) return std::nullopt;
        return found->second.rejection;
    }

    void keep_no(std::int32_t id, const Rejection& rejection) {
        const auto now = Clock::now();
        const std::unique_lock lock(mutex);
        if (noes.size() >= max_remembered_noes) {
            std::erase_if(noes, [&](const auto& no) { return no.second.until <= now; });
            if (noes.size() >= max_remembered_noes) noes.clear();
        }
        noes.insert_or_assign(id, No{rejection, now + options.unknown_id_memory});
    }

    Decoded parse_and_check(const Known& entry, std::string_view payload) const {
        auto document = parse_json(payload);
        if (!document) return not_json(document.error());
        const auto violations = entry.schema->validate(*document);
        if (!violations.empty()) return violated(entry.id, violations);
        return std::move(*document);
    }

    struct Asked {
        Decoded decoded;
        bool may_change = false;  ///< a no that may be a yes in a moment
    };

    Asked ask_and_check(const Frame& frame) {
        auto answer = ask(frame.schema_id);
        if (const auto* entry = std::get_if<const Known*>(&answer)) return {parse_and_check(**entry, frame.payload)};
        auto& rejection = std::get<Rejection>(answer);
        const bool may_change = rejection.class_name != "UnusableSchema";
        if (!may_change) keep_no(frame.schema_id, rejection);
        return {std::move(rejection), may_change};
    }

    /// Nothing: it may change, and is worth waiting for.
    std::optional<Decoded> ask_once(const Frame& frame, Wait& wait) {
        auto asked = ask_and_check(frame);
        if (!asked.may_change) return std::move(asked.decoded);
        const auto now = Clock::now();
        if (!wait.since_) wait.since_ = now;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(*wait.since_ + options.unknown_id_patience - now);
        const auto pause = std::min(wait.pause_, left);
        if (left.count() <= 0 || !may_wait(pause)) {
            keep_no(frame.schema_id, std::get<Rejection>(asked.decoded));
            return std::move(asked.decoded);
        }
        wait.until = now + pause;
        wait.pause_ = std::min(wait.pause_ * 2, std::chrono::milliseconds(400));
        return std::nullopt;
    }

    std::variant<const Known*, Rejection> ask(std::int32_t id) {
        const auto text = registry.schema_by_id(id);
        if (!text) {
            return schema_rejection("UnknownSchemaId", "the schema registry knows no schema with the id " +
                                                           schema_id_text(id) + ", which the record names");
        }
        const auto subjects = registry.subjects_of(id);
        if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
            return schema_rejection("ForeignSchemaId", "the record names the schema with id " + schema_id_text(id) +
                                                           ", which is not registered under the subject " + subject);
        }
        try {
            return &keep(id, JsonSchema::compile(*text));
        } catch (const std::invalid_argument& error) {
            return schema_rejection("UnusableSchema", "the schema with id " + schema_id_text(id) +
                                                          ", which the record names, can't be used: " + error.what());
        }
    }

    /// Takes the pause out of what may be spent on waiting for unknown ids.
    bool may_wait(std::chrono::milliseconds pause) {
        const std::unique_lock lock(mutex);
        const auto now = Clock::now();
        if (now >= budget_end) {
            budget = options.unknown_id_patience * patiences_per_memory;
            budget_end = now + options.unknown_id_memory;
        }
        if (budget < pause) return false;
        budget -= pause;
        return true;
    }

    Registry& registry;
    const Options options;
    const std::string subject;
    const std::shared_ptr<const JsonSchema> own;
    std::atomic<std::int32_t> own_id{0};
    std::atomic<bool> connected{false};
    mutable std::atomic<const Known*> recent{nullptr};
    mutable std::shared_mutex mutex;
    std::unordered_map<std::int32_t, std::unique_ptr<const Known>> known;
    std::unordered_map<std::int32_t, No> noes;
    std::chrono::milliseconds budget{0};
    Clock::time_point budget_end{};
};

TopicCodec::TopicCodec(Registry& registry, Options options)
    : impl_(std::make_unique<Impl>(registry, std::move(options))) {}
TopicCodec::~TopicCodec() = default;

Result<std::int32_t> TopicCodec::connect() {
    if (connected()) return {boost::system::in_place_value, impl_->own_id.load()};
    auto id = impl_->registry.register_schema(impl_->subject, impl_->options.schema);
    if (!id) return id;
    impl_->keep(*id, impl_->own);
    impl_->own_id = *id;
    impl_->connected = true;
    return id;
}

bool TopicCodec::connected() const noexcept {
    return impl_->connected;
}

std::string TopicCodec::encode(std::string_view json) const {
    return frame(impl_->own_id, json);
}

const JsonSchema& TopicCodec::schema() const noexcept {
    return *impl_->own;
}

TopicCodec::Decoded TopicCodec::decode(const std::optional<std::string>& value) {
    Wait wait;
    for (;;) {
        if (auto decoded = decode_once(value, wait)) return *std::move(decoded);
        std::this_thread::sleep_until(wait.until);
    }
}

std::optional<TopicCodec::Decoded> TopicCodec::decode_once(const std::optional<std::string>& value, Wait& wait) {
    if (auto decoded = decode_cached(value)) return decoded;
    return impl_->ask_once(*unframe(*value), wait);  // decode_cached has an answer for all without a frame
}

std::optional<TopicCodec::Decoded> TopicCodec::decode_cached(const std::optional<std::string>& value) {
    if (!value) {
        return frame_rejection("NullValue", "the record has no value (a tombstone)");
    }
    const auto frame = unframe(*value);
    if (!frame) return no_frame(*value);
    if (const auto* entry = impl_->find(frame->schema_id)) return impl_->parse_and_check(*entry, frame->payload);
    if (auto no = impl_->find_no(frame->schema_id)) return std::move(*no);
    return std::nullopt;
}

}  // namespace nearline::schema
