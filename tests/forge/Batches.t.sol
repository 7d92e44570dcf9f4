// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialBatches} from "../../contracts/credentials/CredentialBatches.sol";
import {IssuerRegistry} from "../../contracts/registry/IssuerRegistry.sol";
import {StatusRegistry} from "../../contracts/credentials/StatusRegistry.sol";
import {ICredentialBatches} from "../../contracts/credentials/ICredentialBatches.sol";
import {Cheats} from "./Cheats.sol";
import {Suite} from "./Suite.sol";

/// @title Two issuers with two ISSUE accounts each that anchor, others that try, lists that are handed over, and the
/// Alliance that suspends; with a note of every batch recorded
contract BatchActors is Cheats {
    struct Note {
        bytes32 id;
        bytes32 record; // keccak256 of the record as it was first read
        uint32 list;
        uint32 first;
        uint32 size;
        uint256 place; // the actor that anchored it
        uint256 holder; // the actor that held its list then
    }

    uint256 private constant ISSUING = 4; // so many of the actors anchor: by place, 1st, 2nd, 1st, 2nd institution

    CredentialBatches private immutable _batches;
    StatusRegistry private immutable _status;
    IssuerRegistry private immutable _registry;
    address private immutable _alliance;
    address[] private _actors; // the ISSUE operators, a STATUS operator, the two ADMINs, a stranger

    Note[] public notes;
    mapping(bytes32 => bytes32) public roots; // by batch id
    uint32[3] public next; // by list
    uint256[3] public holder; // by list, an actor's place

    constructor(
        CredentialBatches batches,
        StatusRegistry status,
        IssuerRegistry registry,
        address alliance,
        address[] memory actors
    ) {
        (_batches, _status, _registry, _alliance, _actors) = (batches, status, registry, alliance, actors);
        (holder[1], holder[2]) = (0, 1); // who opened them
    }

    function noteCount() external view returns (uint256) {
        return notes.length;
    }

    function anchor(uint256 actorSeed, uint256 rootSeed, uint32 size, uint32 list, uint32 gap, uint8 kind) external {
        uint256 place = actorSeed % 8 < 6 ? actorSeed % ISSUING : actorSeed % _actors.length;
        list = uint32(bound(list, 1, 2));
        if (list % 2 == actorSeed % 2 && actorSeed % 5 != 0) list = 3 - list; // mostly its own list
        size = uint32(size % 16 == 0 ? size : bound(size, 0, 30));
        uint32 first = gap % 4 == 0 ? gap % 100 : next[list]; // mostly where the list goes on
        kind = uint8(kind % 8 == 0 ? kind : bound(kind, 1, 2));
        _anchor(place, word("root", rootSeed % 40), size, list, first, kind);
    }

    /// @dev Someone hands in again what is recorded already: the retry of a lost answer.
    function anchorAgain(uint256 noteSeed) external {
        if (notes.length == 0) return;
        bytes32 id = notes[noteSeed % notes.length].id;
        ICredentialBatches.Batch memory record = _batches.batch(id);
        bytes32 root = roots[id];
        vm.prank(_actors[notes[noteSeed % notes.length].place]);
        bytes32 again = _batches.anchor(root, record.size, record.list, record.first, record.scopeIndex, record.kind);
        require(again == id, "a retry gave another batch");
    }

    function handOver(uint32 list, uint256 seed) external {
        list = uint32(bound(list, 1, 2));
        uint256 place = list - 1 + 2 * (seed % 2); // either ISSUE account of the list's issuer
        vm.prank(_actors[ISSUING + list]);
        _status.handOver(list, _actors[place]);
        holder[list] = place;
    }

    function turnIssuer(uint32 institution) external {
        institution = uint32(bound(institution, 1, 2));
        bool isRecognised = _registry.isRecognised(institution);
        vm.prank(_alliance);
        if (isRecognised) _registry.suspend(institution, 0);
        else _registry.reinstate(institution, 0);
    }

    function pass(uint16 secondsOn) external {
        vm.warp(block.timestamp + secondsOn);
        vm.roll(block.number + 1);
    }

    function _anchor(uint256 place, bytes32 root, uint32 size, uint32 list, uint32 first, uint8 kind) private {
        uint32 issuer = uint32(place % 2 + 1);
        bytes32 id = _batches.batchId(kind, issuer, list, size, root);
        bool isRecorded = place < ISSUING && _batches.batch(id).issuer != 0;
        bool isSame = isRecorded && _batches.batch(id).first == first
            && (_noteOf(id).place == place || (list == issuer && holder[list] == place));
        bool may = !isRecorded && place < ISSUING && _registry.isRecognised(issuer) && list == issuer
            && holder[list] == place && first == next[list] && size != 0 && size <= (1 << 17) - next[list]
            && (kind == 1 || kind == 2);
        vm.prank(_actors[place]);
        try _batches.anchor(root, size, list, first, 1, kind) returns (bytes32 given) {
            require(isSame || may, "anchored what may not be");
            if (isSame) return;
            require(given == id, "another id than announced");
            roots[id] = root;
            notes.push(Note(id, keccak256(abi.encode(_batches.batch(id))), list, first, size, place, holder[list]));
            next[list] = first + size;
        } catch {
            require(!may && !isSame, "a good anchor was refused");
        }
    }

    function _noteOf(bytes32 id) private view returns (Note memory) {
        for (uint256 i = 0; i < notes.length; ++i) {
            if (notes[i].id == id) return notes[i];
        }
        revert("a recorded batch without a note");
    }
}

/// @title Claims on batches that hold whatever was called
contract BatchesTest is Suite {
    BatchActors private actors;
    address[] private _who;

    function setUp() public {
        deploy(2);
        for (uint32 i = 1; i <= 2; ++i) {
            admit(i);
            vm.prank(accountOf(i, "i", 0));
            status.openList(17);
        }
        address[] memory who = new address[](8);
        (who[0], who[1]) = (accountOf(1, "i", 0), accountOf(2, "i", 0));
        (who[2], who[3]) = (accountOf(1, "i", 1), accountOf(2, "i", 1));
        (who[4], who[5], who[6]) = (accountOf(1, "s", 0), accountOf(1, "a", 0), accountOf(2, "a", 0));
        who[7] = address(this);
        _who = who;
        actors = new BatchActors(batches, status, registry, address(alliance), who);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_aRecordedBatchNeverChanges() public view {
        for (uint256 i = 0; i < actors.noteCount(); ++i) {
            (bytes32 id, bytes32 record,,,,,) = actors.notes(i);
            require(keccak256(abi.encode(batches.batch(id))) == record, "a recorded batch changed");
        }
    }

    /// @dev The account, by its index among the institution's operators.
    function invariant_aRecordedBatchNamesWhoAnchoredIt() public view {
        for (uint256 i = 0; i < actors.noteCount(); ++i) {
            (bytes32 id,,,,, uint256 place,) = actors.notes(i);
            ICredentialBatches.Batch memory record = batches.batch(id);
            address account = operators.operator(record.issuer, record.operatorIndex).account;
            require(account == _who[place], "a batch names another account");
        }
    }

    function invariant_aListTakesTheBatchesOfItsHolderAlone() public view {
        for (uint256 i = 0; i < actors.noteCount(); ++i) {
            (,,,,, uint256 place, uint256 holder) = actors.notes(i);
            require(place == holder, "a list took a batch of an account that does not hold it");
        }
        for (uint32 list = 1; list <= 2; ++list) {
            address account = operators.operator(list, status.listOf(list).holder).account;
            require(account == _who[actors.holder(list)], "a list has another holder");
        }
    }

    /// @dev The ranges of a list follow one another without gap or overlap, and end at the counter.
    function invariant_countersNeverCollide() public view {
        uint32[3] memory end;
        for (uint256 i = 0; i < actors.noteCount(); ++i) {
            (,, uint32 list, uint32 first, uint32 size,,) = actors.notes(i);
            require(first == end[list], "a range begins elsewhere than the last one ended");
            end[list] = first + size;
        }
        for (uint32 list = 1; list <= 2; ++list) {
            require(status.listOf(list).next == end[list], "the counter stands elsewhere than the last range's end");
        }
    }

    function testFuzz_theRecordIsWhatWasAnchored(bytes32 root, uint32 size, uint40 time, uint32 number, uint8 kind)
        public
    {
        size = uint32(bound(size, 1, 1 << 17));
        time = uint40(bound(time, START, type(uint40).max));
        kind = uint8(bound(kind, 1, 2));
        vm.warp(time);
        vm.roll(number);
        vm.prank(accountOf(2, "i", 0));
        bytes32 id = batches.anchor(root, size, 2, 0, 1, kind);
        ICredentialBatches.Batch memory record = batches.batch(id);
        require(record.issuer == 2 && record.list == 2 && record.size == size && record.first == 0, "issuer or range");
        require(record.time == time && record.blockNumber == number && record.kind == kind, "time, block or kind");
        require(record.operatorIndex == operators.referenceOf(accountOf(2, "i", 0)).index, "operator");
        require(record.scopeIndex == 1 && record.statusVersion == 1, "scope or version");
    }

    function testFuzz_everyFieldIsPartOfTheId(uint8 kind, uint32 issuer, uint32 list, uint32 size, bytes32 root)
        public
        view
    {
        bytes32 id = batches.batchId(kind, issuer, list, size, root);
        unchecked {
            require(id != batches.batchId(kind + 1, issuer, list, size, root), "kind");
            require(id != batches.batchId(kind, issuer + 1, list, size, root), "issuer");
            require(id != batches.batchId(kind, issuer, list + 1, size, root), "list");
            require(id != batches.batchId(kind, issuer, list, size + 1, root), "size");
            require(id != batches.batchId(kind, issuer, list, size, bytes32(uint256(root) + 1)), "root");
        }
    }

    /// @dev A tree of two, the leaf of either kind of mistake beside the good one.
    function testFuzz_containsTakesTheLeafAndNoOther(bytes32 content, bytes32 sibling, uint8 place, uint8 bit) public {
        bytes memory leaf = abi.encodePacked(
            uint8(1), uint8(1), uint32(1), uint32(1), uint32(77), bytes32(0), bytes32(0), bytes32(0), content
        );
        bytes32 leafHash = sha256(abi.encodePacked(bytes1(0x00), leaf));
        bytes32 root = sha256(abi.encodePacked(bytes1(0x01), leafHash, sibling));
        vm.prank(accountOf(1, "i", 0));
        bytes32 id = batches.anchor(root, 2, 1, 0, 1, 1);
        bytes32[] memory path = new bytes32[](1);
        path[0] = sibling;
        require(batches.contains(id, leaf, 0, path), "the leaf is not contained");
        require(!batches.contains(id, leaf, 1, path), "the leaf is contained in another place");
        uint256 at = bound(place, 0, leaf.length - 1);
        leaf[at] = bytes1(uint8(leaf[at]) ^ uint8(1 << (bit & 7)));
        require(!batches.contains(id, leaf, 0, path), "another leaf is contained");
    }
}
