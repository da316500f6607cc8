// What a decision redoes, in words: finished episodes by language, and the stages that do them again.

const words = document.getElementById("touched").dataset;

export function touched({ outdated, stages }) {
  const said = Object.entries(outdated).map(([language, episodes]) => `${language}: ${episodes.join(", ")}`);
  if (!said.length) return words.none;
  return [...said, words.from.replace("{stages}", stages.map((stage) => words[stage] ?? stage).join(", "))].join("\n");
}
