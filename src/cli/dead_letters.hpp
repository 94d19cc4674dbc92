#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/admin_api.hpp"

namespace nearline::cli {

struct LetterOptions {
    /// Topics, or the roles whose topics they are ("archive"); list: none is all there are.
    std::vector<std::string> topics{};
    /// As the admin API has them: from, to, stage, class, reason, offsets, state; again, returned, dry_run.
    std::map<std::string, std::string> query{};
    int limit = 0;  ///< of letters; 0: none
    bool json = false;
};

/// Each prints what it found or did, and gives the exit code.
int list_letters(const AdminApi& api, const LetterOptions& options);
/// `place` is "partition:offset".
int show_letter(const AdminApi& api, const std::string& topic, const std::string& place, bool json);
/// While the stream is away it tries again for a while, as nothing is replayed twice; with `again` it could be,
/// and the first failure ends it.
int replay_letters(const AdminApi& api, const LetterOptions& options);
int drop_letters(const AdminApi& api, const LetterOptions& options);

}  // namespace nearline::cli
