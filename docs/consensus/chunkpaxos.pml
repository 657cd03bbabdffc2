/*
 * ChunkPaxos for one position, for an exhaustive search by Spin (https://spinroot.com). Small and abstract beside the
 * simulator, which runs the shipped machines: here every order of every message is tried, there a drawn few of many more.
 *
 *   spin -a chunkpaxos.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -E -m200000
 *
 * Epoch 1 has the acceptors 0 1 2, epoch 2 has 0 1 3. An owner has the ballot of round 0 in epoch 1; NP proposers with
 * a first phase follow in epoch 1; a coordinator moves the group to epoch 2, where NQ proposers follow. One disk may be lost.
 * -DFIXED leaves the coordinator and epoch 2 away.
 * Messages stay for ever and may be taken at any time, in any order, or never: that is loss, delay and reordering. What an
 * acceptor writes and says is one step, as it answers after its flush.
 *
 * Each of these takes one rule away, and must be refuted:
 *   -DBALLOT_REUSE  the owner starts again and uses round 0 for another value          (rule fresh-owner)
 *   -DAMNESIA       an acceptor whose disk was lost goes on voting                      (rule incarnation)
 *   -DNO_ADOPTION   a proposer does not go on with what was accepted                    (rule adoption)
 *   -DNO_SEAL       acceptors vote in epoch 1 after they were sealed for epoch 2        (rule seal)
 */
#ifndef NP
#define NP 1
#endif
#ifndef NQ
#define NQ 1
#endif
#define OWNER 0
#define INSTALL (NP + 1)
#ifdef FIXED
#define N 3
#define BALLOTS (NP + 1)
#else
#define N 4
#define BALLOTS (NP + 2 + NQ)
#endif
#define NONE 0

/* Members of the epoch that a ballot belongs to; ballots of epoch 2 begin with INSTALL. */
#define isMember(b, i) (((b) < INSTALL && (i) < 3) || ((b) >= INSTALL && (i) != 2))

/* What an acceptor has on its disk. Ballots are stored plus one: 0 is none. */
byte promised[N];
byte acceptedBallot[N];
byte acceptedValue[N];
bool sealed[N];
bool lost[N];
#ifndef LOSSES
#define LOSSES 1
#endif
byte losses = LOSSES;

/* Requests that were sent: to every member. */
bool isPrepared[BALLOTS];
bool isProposed[BALLOTS];
byte proposed[BALLOTS];

/* Answers that were given. */
typedef Answers {
  bool promise[N];
  byte heardBallot[N];
  byte heardValue[N];
  bool vote[N]
};
Answers answers[BALLOTS];
bool told[N];
byte toldBallot[N];
byte toldValue[N];
bool isInstalling;
bool isActive;

byte decided = NONE;

/* A majority of an epoch's three members voted in this ballot: its value is decided, once the epoch is active. */
inline count(b) {
  votes = 0;
  k = 0;
  do
  :: k < N -> if :: answers[b].vote[k] -> votes++ :: else fi; k++
  :: else -> break
  od;
  if
  :: votes >= 2 && (b < INSTALL || isActive) && proposed[b] != NONE ->
    if
    :: decided == NONE -> decided = proposed[b]
    :: else -> assert(decided == proposed[b])
    fi
  :: else
  fi;
  votes = 0;
  k = 0
}

active proctype Owner() {
  d_step { proposed[OWNER] = 1; isProposed[OWNER] = true }
#ifdef BALLOT_REUSE
  if
  :: skip
  :: proposed[OWNER] = 2
  fi
#endif
}

proctype Proposer(byte b) {
  byte k, best, found;
  (b < INSTALL || isActive);
  isPrepared[b] = true;
  atomic {
    (answers[b].promise[0] + answers[b].promise[1] + answers[b].promise[N - 2] * (N - 3) + answers[b].promise[N - 1] >= 2);
    d_step {
      k = 0;
      do
      :: k < N ->
        if
        :: answers[b].heardBallot[k] > best ->
          best = answers[b].heardBallot[k];
          found = answers[b].heardValue[k]
        :: else
        fi;
        answers[b].heardBallot[k] = 0;
        answers[b].heardValue[k] = NONE;
        k++
      :: else -> break
      od;
      k = 0;
#ifdef NO_ADOPTION
      found = NONE;
#endif
      if
      :: found != NONE -> proposed[b] = found
      :: else -> proposed[b] = 3 + b
      fi;
      best = 0;
      found = 0;
      isProposed[b] = true
    }
  }
}

#ifndef FIXED
/* Seals a majority of epoch 1, takes the value of the highest ballot, installs it; active with a majority of epoch 2. */
active proctype Coordinator() {
  byte k, best, found, votes;
  atomic {
    (told[0] + told[1] + told[2] >= 2);
    d_step {
      k = 0;
      do
      :: k < 3 ->
        if
        :: toldBallot[k] > best -> best = toldBallot[k]; found = toldValue[k]
        :: else
        fi;
        toldBallot[k] = 0;
        toldValue[k] = NONE;
        k++
      :: else -> break
      od;
      proposed[INSTALL] = found;
      isInstalling = true;
      k = 0;
      best = 0;
      found = 0
    }
  }
  atomic {
    (answers[INSTALL].vote[0] + answers[INSTALL].vote[1] + answers[INSTALL].vote[3] >= 2);
    d_step { isActive = true; count(INSTALL) }
  }
}
#endif

proctype Acceptor(byte i) {
  byte b, k, votes;
end:
  do
  :: atomic {
      !lost[i] ->
      b = 0;
      do
      :: b < BALLOTS - 1 -> b++
      :: break
      od;
      if
      /* Phase 1 */
      :: isPrepared[b] && isMember(b, i) && !answers[b].promise[i] && b + 1 > promised[i] && !(b < INSTALL && sealed[i]) ->
        d_step {
          if :: b > INSTALL -> sealed[i] = true :: else fi;
          promised[i] = b + 1;
          answers[b].promise[i] = true;
          /* A majority has answered already: what else is heard means nothing, and would only be more states. */
          if
          :: !isProposed[b] ->
            answers[b].heardBallot[i] = acceptedBallot[i];
            answers[b].heardValue[i] = acceptedValue[i]
          :: else
          fi
        }
      /* Phase 2 */
      :: isProposed[b] && isMember(b, i) && !answers[b].vote[i] && b + 1 >= promised[i] && !(b < INSTALL && sealed[i]) ->
        d_step {
          if :: b > INSTALL -> sealed[i] = true :: else fi;
          promised[i] = b + 1;
          acceptedBallot[i] = b + 1;
          acceptedValue[i] = proposed[b];
          answers[b].vote[i] = true;
          count(b)
        }
#ifndef FIXED
      /* Seal: phase 1 of epoch 2, and no vote in epoch 1 any more */
      :: b == INSTALL && i < 3 && !told[i] ->
        d_step {
#ifndef NO_SEAL
          sealed[i] = true;
#endif
          told[i] = true;
          if
          :: !isInstalling -> toldBallot[i] = acceptedBallot[i]; toldValue[i] = acceptedValue[i]
          :: else
          fi
        }
      /* Install */
      :: b == INSTALL && isInstalling && isMember(b, i) && !answers[b].vote[i] && b + 1 > promised[i] ->
        d_step {
#ifndef NO_SEAL
          sealed[i] = true;
#endif
          if
          :: proposed[INSTALL] != NONE ->
            promised[i] = b + 1;
            acceptedBallot[i] = b + 1;
            acceptedValue[i] = proposed[INSTALL]
          :: else
          fi;
          answers[b].vote[i] = true;
          count(b)
        }
#endif
      :: else
      fi;
      b = 0
    }
  /* The disk is lost. An empty one votes no more, as no epoch names it: unless the rule is taken away. */
  :: d_step {
      losses > 0 && i < 3 && !lost[i] ->
      losses--;
      promised[i] = 0;
      acceptedBallot[i] = 0;
      acceptedValue[i] = NONE;
      sealed[i] = false;
#ifndef AMNESIA
      lost[i] = true
#endif
    }
  od
}

init {
  byte j;
  atomic {
    j = 0;
    do
    :: j < N -> run Acceptor(j); j++
    :: else -> break
    od;
    j = 1;
    do
    :: j < BALLOTS -> if :: j != INSTALL -> run Proposer(j) :: else fi; j++
    :: else -> break
    od;
    j = 0
  }
}
