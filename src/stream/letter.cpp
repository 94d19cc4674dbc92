#include "stream/letter.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "domain/whole_number.hpp"
#include "stream/dead_letter.hpp"

namespace nearline::stream {
namespace {

constexpr std::string_view mark_header = "nearline.letters";
constexpr std::string_view offsets_header = "nearline.letters.offsets";
constexpr std::string_view topic_suffix = ".dlq";

using Headers = std::vector<Header>;

/// Where our own headers begin: those before it came with the record, whatever they are named.
Headers::const_iterator own_headers(const Headers& headers) {
    const auto last = std::find_if(headers.rbegin(), headers.rend(),
                                   [](const Header& header) { return header.key == "__connect.errors.topic"; });
    return last == headers.rend() ? headers.end() : std::prev(last.base());
}

}  // namespace

LetterFacts read_letter(const Record& letter) {
    LetterFacts facts;
    TopicPartition origin;
    bool has_partition = false;
    for (auto header = own_headers(letter.headers); header != letter.headers.end(); ++header) {
        const auto value = header->value.value_or("");
        const std::string_view key = header->key;
        if (key == "__connect.errors.topic") origin.topic = value;
        if (key == "__connect.errors.partition") {
            const auto partition = parse_whole_number<int>(value);
            has_partition = partition.has_value();
            origin.partition = partition.value_or(0);
        }
        if (key == "__connect.errors.offset")
            facts.origin_offset = parse_whole_number<std::int64_t>(value).value_or(-1);
        if (key == "__connect.errors.stage") facts.stage = value;
        if (key == "__connect.errors.class.name") facts.class_name = value;
        if (key == "__connect.errors.exception.message") facts.message = value;
        if (key == stub_size_header) facts.value_size = value;
        if (key == stub_digest_header) facts.value_sha256 = value;
        if (key == stub_size_header || key == bare_stub_header) facts.is_stub = true;
    }
    if (has_partition && !origin.topic.empty()) facts.origin = std::move(origin);
    return facts;
}

Record make_replay(const Record& letter) {
    Record record;
    record.key = letter.key;
    record.value = letter.value;
    record.headers.assign(letter.headers.begin(), own_headers(letter.headers));
    return record;
}

std::optional<std::string> retry_topic_of(const std::string& dead_letter_topic) {
    if (!dead_letter_topic.ends_with(topic_suffix)) return std::nullopt;
    const auto rest = std::string_view(dead_letter_topic).substr(0, dead_letter_topic.size() - topic_suffix.size());
    const auto dot = rest.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == rest.size()) return std::nullopt;
    return retry_topic(rest.substr(0, dot), rest.substr(dot + 1));
}

Record make_mark(const LetterMark& mark) {
    Record record;
    record.headers = {{std::string(mark_header), mark.kind == LetterMark::Kind::replayed ? "replayed" : "dropped"},
                      {std::string(offsets_header), mark.offsets.to_string()}};
    return record;
}

std::optional<LetterMark> read_mark(const Record& record) {
    // A letter can have any headers, but it also says why it is one.
    if (record.key || record.value || record.headers.size() != 2) return std::nullopt;
    const auto& [kind, offsets] = std::tie(record.headers[0], record.headers[1]);
    if (kind.key != mark_header || offsets.key != offsets_header) return std::nullopt;
    auto ranges = OffsetRanges::parse(offsets.value.value_or(""));
    if (!ranges) return std::nullopt;
    if (kind.value == "replayed") return LetterMark{LetterMark::Kind::replayed, std::move(*ranges)};
    if (kind.value == "dropped") return LetterMark{LetterMark::Kind::dropped, std::move(*ranges)};
    return std::nullopt;
}

}  // namespace nearline::stream
