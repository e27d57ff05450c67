#include "image/cli/verb.hpp"

namespace stratify::image::cli {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs{
      lock_verb(), build_verb(), run_verb(), inspect_verb(), verify_verb(), diff_verb(), publish_verb(),
  };
  return kVerbs;
}

}  // namespace stratify::image::cli
