/** The networks that have a name, as cards to press: profiles, scenarios, topologies. */
import { html, nothing } from "lit";
import { planNames } from "#core/network/named-plans.ts";
import { isProfileName, profilePath } from "#core/network/profiles.ts";
import { rateAt } from "#core/network/rate-curve.ts";
import type { NetworkAskWords } from "#wire/contract/emulation-api.ts";
import { percentText, rateText } from "../charts/quantities.ts";

export interface NetworkCard {
  /** As the plan is called once it is active. */
  readonly id: string;
  readonly title: string;
  readonly about: string;
  /** In figures; empty where they change over time. */
  readonly figures: string;
  readonly ask: NetworkAskWords;
}

interface CardGroup {
  readonly title: string;
  readonly says: string;
  readonly cards: readonly NetworkCard[];
}

/** Profiles without their variation: the middle of each. */
const MIDDLE = () => 0.5;
const CARDS = planNames().map(cardOf);

export const CARD_GROUPS: readonly CardGroup[] = [
  {
    ...{ title: "Profiles", says: "Every node like this, until something else is chosen." },
    cards: CARDS.filter(({ ask }) => ask.by === "profile"),
  },
  {
    ...{ title: "Scenarios", says: "Something happens to the nodes over time, from the moment of the choice." },
    cards: CARDS.filter(({ ask }) => ask.by === "scenario"),
  },
  {
    ...{ title: "Topologies", says: "Every node with a path of its own, by generated traces." },
    cards: CARDS.filter(({ ask }) => ask.by === "topology"),
  },
];

function cardOf({ name, about }: { readonly name: string; readonly about: string }): NetworkCard {
  const rest = name.slice(name.indexOf(":") + 1);
  const known = { id: name, title: spoken(rest), about };
  if (name.startsWith("profile:")) return { ...known, figures: figuresOf(rest), ask: { by: "profile", profile: rest } };
  if (name.startsWith("scenario:")) return { ...known, figures: "", ask: { by: "scenario", scenario: rest } };
  return { ...known, title: name, figures: "", ask: { by: "topology", topology: name } };
}

function spoken(name: string): string {
  const words = name.replaceAll(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function figuresOf(profile: string): string {
  if (!isProfileName(profile)) return "";
  const { rate, roundTripMs, jitterMs, lossRatio, fault } = profilePath(profile, MIDDLE);
  if (fault !== null) return "";
  const loss = lossRatio > 0 ? [`${percentText(lossRatio)} loss`] : [];
  return [rateText(rateAt(rate, 0)), `${roundTripMs} ± ${jitterMs} ms`, ...loss].join(" · ");
}

/** @param activeId the network that holds for whoever is chosen */
export function renderCards(
  { title, says, cards }: CardGroup,
  activeId: string | undefined,
  choose: (card: NetworkCard) => void,
) {
  const heading = title.toLowerCase();
  return html`<section aria-labelledby=${heading}>
    <div class="section-head">
      <h2 id=${heading}>${title}</h2>
      <p class="hint">${says}</p>
    </div>
    <ul class="cards">
      ${cards.map(
        (card) => html`<li>
          <button class="card" aria-pressed=${card.id === activeId} @click=${() => choose(card)}>
            <strong>${card.title}</strong>
            <span>${card.about}</span>
            ${card.figures === "" ? nothing : html`<span class="figures">${card.figures}</span>`}
          </button>
        </li>`,
      )}
    </ul>
  </section>`;
}
