// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAgreements} from "./IAgreements.sol";
import {IMembership} from "./IMembership.sol";
import {IOriginBound} from "./IOriginBound.sol";
import {IProposals} from "./IProposals.sol";
import {IVotes} from "./IVotes.sol";

/// @title The members, their votes and their agreement
/// @notice The one owner of everything: what it calls was decided by its members (IProposals, IVotes).
interface IAlliance is IMembership, IProposals, IVotes, IAgreements, IOriginBound {}
