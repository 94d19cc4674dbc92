#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "schema/registry.hpp"

namespace nearline::test {

/// A schema registry in memory that is away when the test says so.
class ScriptedRegistry : public schema::Registry {
public:
    Result<std::int32_t> register_schema(const std::string& subject, const std::string& schema) override {
        const std::scoped_lock lock(mutex_);
        fail_if_away();
        if (subject == refused_) return Problem{.status = 409, .title = "Conflict", .detail = "incompatible"};
        return {boost::system::in_place_value, add(subject, schema)};
    }
    std::optional<std::string> schema_by_id(std::int32_t id) override {
        const std::scoped_lock lock(mutex_);
        ++questions_;
        fail_if_away();
        const auto found = schemas_.find(id);
        return found == schemas_.end() ? std::nullopt : std::optional(found->second.text);
    }
    std::vector<std::string> subjects_of(std::int32_t id) override {
        const std::scoped_lock lock(mutex_);
        fail_if_away();
        const auto found = schemas_.find(id);
        return found == schemas_.end() ? std::vector<std::string>{} : std::vector{found->second.subject};
    }

    /// Registers it behind everyone's back, as another program does.
    std::int32_t put(const std::string& subject, const std::string& text) {
        const std::scoped_lock lock(mutex_);
        return add(subject, text);
    }
    void away(bool away) {
        const std::scoped_lock lock(mutex_);
        away_ = away;
    }
    void refuse(const std::string& subject) {
        const std::scoped_lock lock(mutex_);
        refused_ = subject;
    }
    int questions() {
        const std::scoped_lock lock(mutex_);
        return questions_;
    }

private:
    struct Schema {
        std::string subject;
        std::string text;
    };
    std::int32_t add(const std::string& subject, const std::string& text) {
        for (const auto& [id, schema] : schemas_) {
            if (schema.subject == subject && schema.text == text) return id;
        }
        const auto id = static_cast<std::int32_t>(schemas_.size()) + 1;
        schemas_[id] = {subject, text};
        return id;
    }
    void fail_if_away() const {
        if (away_) throw Unavailable("the registry is away");
    }

    std::mutex mutex_;
    std::map<std::int32_t, Schema> schemas_;
    std::string refused_;
    bool away_ = false;
    int questions_ = 0;
};

}  // namespace nearline::test
