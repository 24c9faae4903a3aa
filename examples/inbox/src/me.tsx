/** Who is signed in, and where they belong: asked once for the whole page, and again when something happens. */

import { createContext, useContext } from "react";
import { graphql } from "./gql";
import type { MeQuery } from "./gql/graphql";

export const ME = graphql(`
  query Me {
    viewer {
      municipality
      unreadCount
      person { id name }
      units { id name kind groups { id name kind staff { id } } }
      children { id name }
    }
  }
`);

export type Me = MeQuery["viewer"];

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("useMe outside of MeProvider");
  return me;
}

export interface OwnGroup {
  id: string;
  name: string;
}

/** The groups where the viewer is one of the staff. */
export function ownGroups(me: Me): OwnGroup[] {
  return me.units.flatMap((unit) => unit.groups.filter((group) => group.staff.some(({ id }) => id === me.person?.id)));
}
