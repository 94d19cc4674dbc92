#include "cli/topics.hpp"

#include <iostream>

#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "domain/problem.hpp"
#include "runtime/backoff.hpp"

namespace nearline::cli {

namespace {

/// Prints the records of one answer; gives how many, and the cursor behind them.
std::size_t print(const boost::json::value& answer, std::string& next) {
    const auto& records = answer.at("records").as_array();
    for (const auto& record : records) std::cout << to_text(record) << '\n';
    std::cout << std::flush;
    next = std::string(answer.at("next").as_string());
    return records.size();
}

/// In the words of this command, and only where the admin API is there to be asked for topics.
[[noreturn]] void refuse_topic(const AskAdmin& ask, const std::string& topic) {
    std::string names;
    const auto answer = ask("/admin/topics", {});
    for (const auto& known : answer.at("topics").as_array()) {
        names += (names.empty() ? "" : ", ") + to_cell(known.at("name"));
    }
    throw std::runtime_error("there is no topic \"" + topic + "\"; `nearline topics list` shows those there are" +
                             (names.empty() ? std::string(": none") : ": " + names));
}

/// Where to begin, and what there is before.
std::string begin(const AskAdmin& ask, const std::string& path, const TailOptions& options) {
    std::string next;
    if (options.from_beginning) {
        auto count = print(ask(path, {{"from", "earliest"}, {"limit", "1000"}}), next);
        while (count > 0 && std::cout) count = print(ask(path, {{"from", next}, {"limit", "1000"}}), next);
    } else if (options.last > 0) {
        print(ask(path, {{"from", "last"}, {"limit", std::to_string(options.last)}}), next);
    } else {
        print(ask(path, {{"from", "latest"}}), next);
    }
    return next;
}

void follow(const AskAdmin& ask, const std::string& path, std::string next) {
    Backoff backoff;
    while (std::cout) {
        try {
            print(ask(path, {{"from", next}, {"limit", "1000"}, {"wait", "10"}}), next);
            backoff.reset();
        } catch (const Unavailable& e) {
            rest_before_next_try("nearline topics", e, backoff);
        }
    }
}

}  // namespace

int list_topics(const AskAdmin& ask) {
    const auto answer = ask("/admin/topics", {});
    std::vector<Row> rows{{"TOPIC", "PARTITIONS", "REPLICATION"}};
    for (const auto& topic : answer.at("topics").as_array()) {
        rows.push_back(
            {to_cell(topic.at("name")), to_cell(topic.at("partitions")), to_cell(topic.at("replication_factor"))});
    }
    print_table(rows);
    return 0;
}

int tail_topic(const AskAdmin& ask, const TailOptions& options) {
    const auto path = "/admin/topics/" + options.topic + "/records";
    std::string next;
    try {
        next = begin(ask, path, options);
    } catch (const AdminRefusal& refusal) {
        if (refusal.status != 404) throw;
        refuse_topic(ask, options.topic);
    }
    if (options.follow) follow(ask, path, next);
    return std::cout ? 0 : 1;
}

}  // namespace nearline::cli
